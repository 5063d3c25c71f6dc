#include "experiments/study/incremental.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/data/dataset.hpp"
#include "experiments/run/evaluation/evaluation.hpp"
#include "experiments/run/network/bank.hpp"
#include "experiments/run/training/training_loop.hpp"
#include "output/plot/line_plot.hpp"

namespace shallows {
namespace {

/// Images with labels from `first` to `last`.
ImageSet of_classes(const ImageSet& set, std::size_t first, std::size_t last) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set.label(i) >= first && set.label(i) <= last) chosen.push_back(i);
  }
  return set.select(chosen);
}

}  // namespace

std::vector<ClassesCurve> incremental_learning(const std::vector<Config>& configs,
                                               const std::function<void(const ClassesCurve&)>& told) {
  std::vector<ClassesCurve> curves;
  for (const Config& config : configs) {
    const Dataset dataset = load_dataset(config.dataset);
    check_against_data(config, dataset.train.shape());
    Network network = Network::make(config, dataset.train.shape(), dataset.classes,
                                    make_bank(config, dataset, Verbosity::quiet));
    ClassesCurve& curve = curves.emplace_back(ClassesCurve{config.name, {}});
    for (std::size_t label = 0; label < dataset.classes; ++label) {
      const ImageSet fresh = of_classes(dataset.train, label, label);
      if (!fresh.empty()) teach_all(network, config, fresh);
      curve.accuracies.push_back(accuracy_on(network, config, of_classes(dataset.test, 0, label)));
      told(curve);
    }
  }
  return curves;
}

std::string classes_csv(const std::vector<ClassesCurve>& curves) {
  std::string csv = "classes";
  std::size_t longest = 0;
  for (const ClassesCurve& curve : curves) {
    csv += "," + curve.name;
    longest = std::max(longest, curve.accuracies.size());
  }
  csv += "\n";
  for (std::size_t k = 0; k < longest; ++k) {
    csv += std::to_string(k + 1);
    for (const ClassesCurve& curve : curves) {
      csv += k < curve.accuracies.size() ? fmt::format(",{:.2f}", curve.accuracies[k]) : ",";
    }
    csv += "\n";
  }
  return csv;
}

std::string classes_svg(const std::vector<ClassesCurve>& curves, const std::string& title) {
  LinePlot plot{.title = title,
                .x = {.title = "classes learned, one after the other"},
                .y = {.title = "accuracy on test images of these classes, %"},
                .series = {}};
  for (const ClassesCurve& curve : curves) {
    PlotSeries& one =
        plot.series.emplace_back(PlotSeries{.name = curve.name, .x = {}, .y = curve.accuracies});
    for (std::size_t k = 0; k < curve.accuracies.size(); ++k) one.x.push_back(static_cast<double>(k + 1));
  }
  return render_svg(plot);
}

}  // namespace shallows
