#include "experiments/study/neurons_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/run/statistics.hpp"
#include "experiments/study/short_run.hpp"
#include "output/plot/line_plot.hpp"

namespace shallows {

std::vector<NeuronsPoint> neurons_figure(const Config& config, const Dataset& dataset,
                                         const NeuronsFigureOptions& options, FinishedRuns& finished,
                                         const std::function<void(const NeuronsPoint&)>& told) {
  if (config.memory() == nullptr) {
    throw Error(
        ErrorKind::configuration,
        "this figure is of memory networks (the configuration has another model); give one with model = "
        "\"memory\"");
  }
  ShortRuns short_runs(dataset, dataset.test, finished);
  std::vector<NeuronsPoint> points;
  for (const double threshold : {0.0, options.threshold}) {
    if (threshold == 0.0 && !points.empty()) break;
    for (const std::uint64_t value : options.values) {
      NeuronsPoint point{.max_neurons = value, .threshold = threshold, .accuracies = {}, .rows = 0.0};
      for (std::uint64_t run = 0; run < options.runs; ++run) {
        Config one = config;
        one.seed = config.seed + run;
        auto& memory = std::get<MemoryParams>(one.network);
        memory.max_neurons = value;
        memory.gate = threshold > 0.0 ? ThresholdGate::novelty : ThresholdGate::none;
        memory.threshold = threshold;
        memory.judge_every = 0;
        const RunFigures figures = short_runs.figures(one);
        point.accuracies.push_back(figures.accuracy);
        point.rows += figures.rows / static_cast<double>(options.runs);
      }
      told(point);
      points.push_back(std::move(point));
    }
  }
  return points;
}

std::string neurons_csv(const std::vector<NeuronsPoint>& points) {
  std::string csv = "max_neurons,threshold,rows,mean_accuracy,standard_deviation,runs,accuracies\n";
  for (const NeuronsPoint& point : points) {
    csv += fmt::format("{},{},{:.1f},{:.4f},{:.4f},{},{:.2f}\n", point.max_neurons, point.threshold,
                       point.rows, mean_of(point.accuracies), deviation_of(point.accuracies),
                       point.accuracies.size(), fmt::join(point.accuracies, " "));
  }
  return csv;
}

std::string neurons_svg(const std::vector<NeuronsPoint>& points, const std::string& title) {
  LinePlot plot{.title = title,
                .x = {.title = "max_neurons", .scale = AxisScale::logarithmic},
                .y = {.title = "test accuracy, %"},
                .series = {}};
  for (const NeuronsPoint& point : points) {
    const std::string name =
        point.threshold > 0.0 ? fmt::format("threshold {:g}", point.threshold) : "no threshold";
    if (plot.series.empty() || plot.series.back().name != name) {
      plot.series.push_back({.name = name, .x = {}, .y = {}});
    }
    PlotSeries& own = plot.series.back();
    own.x.push_back(static_cast<double>(point.max_neurons));
    own.y.push_back(mean_of(point.accuracies));
    own.y_error.push_back(deviation_of(point.accuracies));
  }
  return render_svg(plot);
}

}  // namespace shallows
