#include "experiments/bench/bench.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "encoders/current_encoder.hpp"
#include "encoders/fixed_fields.hpp"
#include "experiments/bench/authors_scheme.hpp"
#include "experiments/dataset.hpp"
#include "experiments/run/provenance.hpp"
#include "models/spiking_network.hpp"
#include "sim/delay_line.hpp"
#include "sim/lif_kernel.hpp"
#include "sim/lif_layer.hpp"
#include "sim/reference_engine.hpp"

namespace shallows {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kClasses = 10;

/// Seconds that f() takes.
template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The paper's network on MNIST, and the arrivals at its hidden layer for some images.
struct Workload {
  Dataset dataset;
  SpikingParams params;
  ReceptiveFields bank;
  Thresholds thresholds;
  TimeMs duration;
  std::vector<SpikeTrain> arrivals;

  explicit Workload(const BenchOptions& options)
      : dataset(load_dataset({})),
        bank(make_fixed_fields({.kind = FieldKind::gabor,
                                .size = options.hidden,
                                .patch = options.patch,
                                .scale = 40.0,
                                .gabor_ranges = GaborRanges::tuned},
                               dataset.train.shape(), kSeed)),
        thresholds(draw_thresholds(params.threshold, dataset.train.shape().pixels(), options.hidden, kClasses,
                                   kSeed)),
        duration(params.protocol.transient_ms + params.protocol.learning_ms) {
    const CurrentEncoder encoder(params.input, params.neuron, thresholds.input_mV);
    CurrentEncoder::State state(encoder.size());
    DelayLine line(params.delay_ms);
    SpikeTrain train;
    for (std::size_t k = 0; k < options.images; ++k) {
      encoder.encode(dataset.train.image(k), duration, state, train);
      line.advance(train, duration, arrivals.emplace_back());
    }
  }

  std::vector<double> drives() const { return std::vector<double>(bank.size(), params.hidden_bias_mV); }
  std::vector<double> start() const { return std::vector<double>(bank.size(), params.neuron.reset_mV); }
};

struct LayerTiming {
  double seconds_per_image;
  double spikes_per_image;
};

template <class Layer>
LayerTiming time_layer(const Layer& layer, const Workload& work, std::size_t images) {
  auto state = layer.initial_state(work.start());
  SpikeTrain spikes;
  layer.run(work.arrivals.back(), work.duration, state, spikes);  // warm up
  state = layer.initial_state(work.start());
  double total = 0.0;
  std::uint64_t count = 0;
  for (std::size_t k = 0; k < images; ++k) {
    total += seconds([&] { layer.run(work.arrivals[k], work.duration, state, spikes); });
    count += spikes.size();
  }
  return {total / static_cast<double>(images), static_cast<double>(count) / static_cast<double>(images)};
}

nlohmann::json hidden_layer_figures(const Workload& work) {
  const tbb::global_control one_thread(tbb::global_control::max_allowed_parallelism, 1);
  const Synapses synapses = to_synapses(work.bank);
  const std::vector<std::uint32_t> fan_out = synapses.fan_out();
  const LifLayer<float> fast(synapses, work.params.neuron, work.thresholds.hidden_mV, work.drives());
  const LifLayer<double> fast_double(synapses, work.params.neuron, work.thresholds.hidden_mV, work.drives());
  const ReferenceLayer reference(synapses, work.params.neuron, work.thresholds.hidden_mV, work.drives());
  double events = 0.0;
  double lanes = 0.0;
  for (const SpikeTrain& train : work.arrivals) {
    for (const NeuronId source : train.sources()) {
      events += fan_out[source];
      lanes += fast.synapses().lanes()[source];
    }
  }
  const auto images = static_cast<double>(work.arrivals.size());
  const LayerTiming single = time_layer(fast, work, work.arrivals.size());
  const LayerTiming twofold = time_layer(fast_double, work, work.arrivals.size());
  const LayerTiming slow = time_layer(reference, work, std::min<std::size_t>(5, work.arrivals.size()));
  const double per_image = events / images;
  return {{"hidden_events_per_image", per_image},
          {"hidden_spikes_per_image", single.spikes_per_image},
          {"hidden_ms", 1e3 * single.seconds_per_image},
          {"hidden_ms_double", 1e3 * twofold.seconds_per_image},
          {"hidden_ms_reference", 1e3 * slow.seconds_per_image},
          {"hidden_events_per_second", per_image / single.seconds_per_image},
          {"reference_ratio", slow.seconds_per_image / single.seconds_per_image},
          {"lanes_computed", lanes / images},
          {"lanes_useful", per_image},
          {"weight_bytes", fast.synapses().bytes()}};
}

nlohmann::json network_figures(const Workload& work, const BenchOptions& options) {
  nlohmann::json figures;
  const auto all = static_cast<std::uint64_t>(tbb::info::default_concurrency());
  const std::uint64_t most = options.threads != 0 ? options.threads : all;
  double one_train = 0.0;
  double one_test = 0.0;
  for (const std::uint64_t threads : std::set<std::uint64_t>{1, most}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    SpikingNetwork network(work.params, work.bank, work.thresholds, kSeed);
    std::vector<Presentation> shown;
    for (std::size_t k = 0; k < options.images; ++k) {
      shown.push_back({work.dataset.train.image(k), work.dataset.train.label(k), 2e-4});
    }
    constexpr std::size_t kChunk = 16;
    std::vector<Activity> activities(kChunk);
    const double train = seconds([&] {
      for (std::size_t k = 0; k < shown.size(); k += kChunk) {
        const std::size_t count = std::min(kChunk, shown.size() - k);
        network.learn(std::span(shown).subspan(k, count), std::span(activities).first(count));
      }
    });
    const double test = seconds([&] {
      tbb::parallel_for(std::size_t{0}, shown.size(), [&](std::size_t k) {
        Activity activity;
        network.respond(shown[k].image, activity);
      });
    });
    const std::string key = std::to_string(threads);
    const auto images = static_cast<double>(shown.size());
    figures["ms_per_presentation"][key] = 1e3 * train / images;
    figures["ms_per_test_image"][key] = 1e3 * test / images;
    if (threads == 1) {
      one_train = train;
      one_test = test;
    }
    figures["train_speedup"] = one_train / train;
    figures["test_speedup"] = one_test / test;
  }
  return figures;
}

nlohmann::json authors_figures(const Workload& work) {
  AuthorsScheme scheme(work.params, work.bank, work.thresholds);
  const std::size_t images = std::min<std::size_t>(3, work.arrivals.size());
  AuthorsScheme::Counts counts;
  const double total = seconds([&] {
    for (std::size_t k = 0; k < images; ++k) {
      const auto one = scheme.present(work.dataset.train.image(k), work.duration);
      counts.hidden += one.hidden;
    }
  });
  const auto n = static_cast<double>(images);
  return {{"authors_ms_per_presentation", 1e3 * total / n},
          {"authors_hidden_spikes_per_image", static_cast<double>(counts.hidden) / n}};
}

}  // namespace

nlohmann::json run_bench(const BenchOptions& options) {
  const Workload work(options);
  nlohmann::json figures = {{"machine", make_provenance({}, {}, 0).cpu},
                            {"vector", lif_kernel_vector()},
                            {"hidden", options.hidden},
                            {"patch", options.patch},
                            {"images", options.images},
                            {"version", program_version()}};
  figures.update(hidden_layer_figures(work));
  figures.update(network_figures(work, options));
  figures.update(authors_figures(work));
  figures["authors_ratio"] = figures.at("authors_ms_per_presentation").get<double>() /
                             figures.at("ms_per_presentation").at("1").get<double>();
  return figures;
}

std::string render_bench(const nlohmann::json& figures) {
  const auto number = [&](const char* key) { return figures.at(key).get<double>(); };
  std::string text =
      fmt::format("{}\nLIF network on MNIST, {} hidden neurons, patch {}, 150 ms per presentation\n\n",
                  figures.at("machine").get<std::string>(), figures.at("hidden").get<std::uint64_t>(),
                  figures.at("patch").get<std::uint64_t>());
  text += fmt::format("hidden layer, one thread ({:.3g} synaptic events, {:.0f} spikes per image)\n",
                      number("hidden_events_per_image"), number("hidden_spikes_per_image"));
  text += fmt::format("  fast, float      {:9.3f} ms  {:.3g} events/s, {:.0f} % of the lanes useful\n",
                      number("hidden_ms"), number("hidden_events_per_second"),
                      100.0 * number("lanes_useful") / number("lanes_computed"));
  text += fmt::format("  fast, double     {:9.3f} ms\n", number("hidden_ms_double"));
  text += fmt::format("  reference        {:9.3f} ms  {:.0f} times the fast engine\n\n",
                      number("hidden_ms_reference"), number("reference_ratio"));
  text += "whole network, per presentation\n";
  for (const auto& [threads, ms] : figures.at("ms_per_presentation").items()) {
    text += fmt::format("  training, {} thread{}  {:8.3f} ms   test {:8.3f} ms\n", threads,
                        threads == "1" ? " " : "s", ms.get<double>(),
                        figures.at("ms_per_test_image").at(threads).get<double>());
  }
  text +=
      fmt::format("  authors' O(N) per event, one thread {:9.1f} ms  {:.0f} times ours (without learning)\n",
                  number("authors_ms_per_presentation"), number("authors_ratio"));
  return text;
}

}  // namespace shallows
