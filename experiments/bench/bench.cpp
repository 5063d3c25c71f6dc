#include "experiments/bench/bench.hpp"

#include <fmt/format.h>
#include <tbb/info.h>

#include <algorithm>
#include <string>
#include <vector>

#include "experiments/bench/authors_scheme.hpp"
#include "experiments/bench/layer_figures.hpp"
#include "experiments/bench/network_figures.hpp"
#include "experiments/bench/workload.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "output/plot/line_plot.hpp"
#include "sim/layer/lif_kernel.hpp"

namespace shallows {
namespace {

/// Presentations of the paper's training.
constexpr double kPaperPresentations = 1e6;

nlohmann::json authors_figures(const Workload& work, const ImageSet& shown) {
  AuthorsScheme scheme(work.params, work.bank, work.thresholds);
  const std::size_t images = std::min<std::size_t>(3, work.arrivals.size());
  AuthorsScheme::Counts counts;
  const double total = seconds([&] {
    for (std::size_t k = 0; k < images; ++k) {
      const auto one = scheme.present(shown.image(k % shown.size()), work.duration);
      counts.hidden += one.hidden;
    }
  });
  const auto n = static_cast<double>(images);
  return {{"authors_ms_per_presentation", 1e3 * total / n},
          {"authors_hidden_spikes_per_image", static_cast<double>(counts.hidden) / n}};
}

double number(const nlohmann::json& figures, const char* key) { return figures.at(key).get<double>(); }

std::string render_layer(const nlohmann::json& figures) {
  std::string text =
      fmt::format("hidden layer, one thread ({:.3g} synaptic events, {:.0f} spikes per image)\n",
                  number(figures, "hidden_events_per_image"), number(figures, "hidden_spikes_per_image"));
  text += fmt::format("  fast, float      {:9.3f} ms  {:.3g} events/s, {:.0f} % of the lanes useful\n",
                      number(figures, "hidden_ms"), number(figures, "hidden_events_per_second"),
                      100.0 * number(figures, "lanes_useful") / number(figures, "lanes_computed"));
  text += fmt::format("  fast, double     {:9.3f} ms\n", number(figures, "hidden_ms_double"));
  text += fmt::format("  reference        {:9.3f} ms  {:.0f} times the fast engine\n",
                      number(figures, "hidden_ms_reference"), number(figures, "reference_ratio"));
  text += fmt::format("  bare arithmetic               {:.3g} events/s; the layer reaches {:.0f} % of it\n\n",
                      number(figures, "ceiling_events_per_second"), 100.0 * number(figures, "ceiling_share"));
  text += "stages of a training presentation, one thread, ms\n ";
  for (const char* stage : {"input", "filtering", "hidden", "ordering", "delay", "readout"}) {
    text += fmt::format(" {} {:.3f}", stage, number(figures.at("stages_ms"), stage));
  }
  return text + fmt::format("  recording {:.3f}\n\n", number(figures, "recording_ms"));
}

std::string render_network(const nlohmann::json& figures) {
  std::string text = "whole network, ms per presentation\n";
  for (const auto& [threads, ms] : figures.at("ms_per_presentation").items()) {
    text += fmt::format("  {} thread{}   training {:7.3f}   hidden spikes recorded {:7.3f}   test {:7.3f}\n",
                        threads, threads == "1" ? " " : "s", ms.get<double>(),
                        figures.at("ms_per_recorded_presentation").at(threads).get<double>(),
                        figures.at("ms_per_test_image").at(threads).get<double>());
  }
  return text + fmt::format("  speed-up    training {:7.2f}   test {:.2f}\n",
                            number(figures, "train_speedup"), number(figures, "test_speedup"));
}

std::string render_growth_table(const nlohmann::json& rows) {
  std::string text =
      "\nhidden layer by size, one thread, ns per synaptic event\n"
      "  hidden  patch     all  filtering  hidden  ordering  events/spike     MB\n";
  for (const auto& row : rows) {
    text += fmt::format("  {:6}  {:5}  {:.4f}     {:.4f}  {:.4f}    {:.4f}  {:12.0f}  {:5.1f}\n",
                        row.at("hidden").get<std::uint64_t>(), row.at("patch").get<std::uint64_t>(),
                        number(row, "ns_per_event"), number(row, "filtering_ns_per_event"),
                        number(row, "hidden_ns_per_event"), number(row, "ordering_ns_per_event"),
                        number(row, "events") / number(row, "spikes"), number(row, "bytes") / 1e6);
  }
  return text;
}

}  // namespace

nlohmann::json run_bench(const BenchOptions& options) {
  const Dataset dataset = load_dataset({});
  const std::uint64_t threads =
      options.threads != 0 ? options.threads : static_cast<std::uint64_t>(tbb::info::default_concurrency());
  const bool paper = options.suite == BenchSuite::paper;
  const Workload work(dataset.train, options.hidden, options.patch, paper ? 1 : options.images);
  nlohmann::json figures = {{"machine", make_provenance({}, {}, 0).cpu},
                            {"vector", lif_kernel_vector()},
                            {"hidden", options.hidden},
                            {"patch", options.patch},
                            {"images", options.images},
                            {"version", program_version()}};
  figures.update(network_figures(work, dataset.train, options.images, threads));
  if (paper) {
    const double ms = figures.at("ms_per_presentation").at(std::to_string(threads)).get<double>();
    figures["extrapolated_presentations"] = kPaperPresentations;
    figures["extrapolated_minutes"] = ms * kPaperPresentations / 60e3;
    return figures;
  }
  figures.update(layer_figures(work));
  figures.update(authors_figures(work, dataset.train));
  figures["growth"] = growth_figures(dataset.train);
  figures["authors_ratio"] =
      number(figures, "authors_ms_per_presentation") / number(figures.at("ms_per_presentation"), "1");
  return figures;
}

std::string render_bench(const nlohmann::json& figures) {
  std::string text =
      fmt::format("{}\nLIF network on MNIST, {} hidden neurons, patch {}, 150 ms per presentation\n\n",
                  figures.at("machine").get<std::string>(), figures.at("hidden").get<std::uint64_t>(),
                  figures.at("patch").get<std::uint64_t>());
  if (figures.contains("extrapolated_minutes")) {
    return text + render_network(figures) +
           fmt::format(
               "\n{:.0f} presentations would take {:.1f} min on all threads: extrapolated from {}, "
               "not run\n",
               number(figures, "extrapolated_presentations"), number(figures, "extrapolated_minutes"),
               figures.at("images").get<std::uint64_t>());
  }
  text += render_layer(figures) + render_network(figures);
  text += fmt::format("  authors' O(N) per event, one thread {:.1f}: {:.0f} times ours (without learning)\n",
                      number(figures, "authors_ms_per_presentation"), number(figures, "authors_ratio"));
  return text + render_growth_table(figures.at("growth"));
}

std::string render_growth(const nlohmann::json& figures) {
  PlotSeries measured{.name = "fast engine, one thread", .x = {}, .y = {}};
  PlotSeries patches{.name = "the same, 5000 neurons, patch 5 to 28", .x = {}, .y = {}};
  for (const auto& row : figures.at("growth")) {
    PlotSeries& series = row.at("patch") == 10 ? measured : patches;
    series.x.push_back(number(row, "events"));
    series.y.push_back(number(row, "ns_per_event"));
  }
  measured.name += ", patch 10, 1000 to 20000 neurons";
  const double best = 1e9 / number(figures, "ceiling_events_per_second");
  std::vector<double> ends = {1e5, 1e8};
  PlotSeries ceiling{.name = "bare arithmetic", .x = ends, .y = {best, best}, .style = LineStyle::dashed};
  return render_svg({.title = "Hidden layer: time per synaptic event, spikes and lists included",
                     .x = {.title = "synaptic events per presentation", .scale = AxisScale::logarithmic},
                     .y = {.title = "ns per synaptic event", .low = 0.0},
                     .series = {measured, patches, ceiling}});
}

}  // namespace shallows
