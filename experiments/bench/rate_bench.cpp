#include "experiments/bench/rate_bench.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "experiments/bench/workload.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "models/rate/rate_network.hpp"

namespace shallows {
namespace {

constexpr std::size_t kChunk = 1000;
/// L1 norm of a filter, as in l-rg.toml.
constexpr double kScale = 2.1;

/// Least time of a few calls [s].
template <class F>
double best_seconds(F&& f) {
  constexpr int kRepeats = 20;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRepeats; ++i) best = std::min(best, seconds(f));
  return best;
}

/// Multiply-adds per second of the bank's product for a batch of images; a small bank stays in the
/// first-level cache.
double product_rate(const ReceptiveFields& bank) {
  const PackedSynapses<float> packed(to_synapses(bank), std::vector<double>(bank.size(), 1.0));
  const std::vector<float> pixels(RateNetwork::kBatch * bank.shape().pixels(), 0.25F);
  std::vector<float> hidden(RateNetwork::kBatch * packed.padded_targets());
  constexpr int kRounds = 20;
  const double time = best_seconds([&] {
    for (int i = 0; i < kRounds; ++i) packed.multiply_many(pixels, hidden);
  });
  return kRounds * static_cast<double>(RateNetwork::kBatch * packed.bytes() / sizeof(float)) / time;
}

/// Bytes per second, read and written, of copies within the second-level cache.
double copy_rate() {
  constexpr std::size_t kBytes = 200'000;
  constexpr int kRounds = 100;
  std::vector<char> from(kBytes, 1), to(kBytes);
  const double time = best_seconds([&] {
    for (int i = 0; i < kRounds; ++i) {
      std::memcpy(to.data(), from.data(), kBytes);
      from.swap(to);
    }
  });
  return 2.0 * kRounds * static_cast<double>(kBytes) / time;
}

/// Part of the hidden neurons that the first images leave above zero.
double active_share(const RateNetwork& network, const ReceptiveFields& bank, const ImageSet& images) {
  constexpr std::size_t kImages = 50;
  const auto arrays = network.arrays();
  const auto& biases = array_values<float>(arrays, "biases/hidden", bank.size());
  std::vector<float> pixels(bank.shape().pixels());
  std::vector<double> hidden(bank.size());
  std::size_t active = 0;
  for (std::size_t k = 0; k < kImages; ++k) {
    images.image(k).centered(pixels);
    bank.apply(pixels, hidden);
    for (std::size_t i = 0; i < hidden.size(); ++i) active += hidden[i] + double{biases[i]} > 0.0 ? 1 : 0;
  }
  return static_cast<double>(active) / static_cast<double>(kImages * bank.size());
}

}  // namespace

nlohmann::json run_rate_bench(const RateBenchOptions& options) {
  const tbb::global_control one_thread(tbb::global_control::max_allowed_parallelism, 1);
  const Dataset dataset = load_dataset({});
  const ImageShape shape = dataset.train.shape();
  const ReceptiveFields bank = make_gabor_fields(
      {}, {.size = options.hidden, .patch = options.patch, .scale = kScale}, shape, kBenchSeed);
  const ReceptiveFields small = make_gabor_fields({}, {.size = kBlockLanes, .patch = 5}, shape, kBenchSeed);
  const double arithmetic = product_rate(small);
  const double memory = copy_rate();
  RateNetwork network({}, &bank, shape.pixels(), kBenchClasses, kBenchSeed);
  const std::uint64_t updates = 100 * options.images;
  double learning = 0.0;
  for (std::uint64_t first = 0; first < updates; first += kChunk) {
    std::vector<Presentation> shown;
    for (std::uint64_t k = first; k < std::min<std::uint64_t>(first + kChunk, updates); ++k) {
      const std::size_t image = k % dataset.train.size();
      shown.push_back({dataset.train.image(image), dataset.train.label(image), 5e-3});
    }
    std::vector<std::uint8_t> predicted(shown.size());
    learning += seconds([&] { network.learn(shown, predicted); });
  }
  const double active = active_share(network, bank, dataset.train);
  const RateCosts costs = network.costs(active);
  const double update = learning / static_cast<double>(updates);
  const double product = costs.product.computed_multiply_adds / product_rate(bank);
  const auto least = [&](const RateCost& cost) {
    return std::max(cost.computed_multiply_adds / arithmetic, cost.bytes / memory);
  };
  const double limit = least(costs.product) + least(costs.readout);
  return {{"machine", make_provenance({}, {}, 0).cpu},
          {"version", program_version()},
          {"hidden", options.hidden},
          {"patch", options.patch},
          {"updates", updates},
          {"active", active},
          {"multiply_adds", costs.total().computed_multiply_adds},
          {"useful_multiply_adds", costs.total().useful_multiply_adds},
          {"bytes", costs.total().bytes},
          {"arithmetic_per_second", arithmetic},
          {"bytes_per_second", memory},
          {"us_per_update", 1e6 * update},
          {"product_us", 1e6 * product},
          {"limit_us", 1e6 * limit},
          {"limit_share", limit / update}};
}

std::string render_rate_bench(const nlohmann::json& figures) {
  const auto number = [&](const char* key) { return figures.at(key).get<double>(); };
  std::string text = fmt::format(
      "{}\nrate network l-RG on MNIST, {:.0f} hidden neurons, patch {:.0f}, one thread, {:.0f} "
      "updates\n\n",
      figures.at("machine").get<std::string>(), number("hidden"), number("patch"), number("updates"));
  text += fmt::format(
      "  an update takes     {:7.2f} us; {:.2f} us of it for the bank, the rest for the readout\n",
      number("us_per_update"), number("product_us"));
  text += fmt::format(
      "  it computes         {:7.3g} multiply-adds ({:.3g} useful) and moves {:.3g} bytes; {:.0f} % of the "
      "layer is active\n",
      number("multiply_adds"), number("useful_multiply_adds"), number("bytes"), 100.0 * number("active"));
  text += fmt::format("  the core does       {:7.3g} multiply-adds/s on weights in its first-level cache\n",
                      number("arithmetic_per_second"));
  text += fmt::format("  and moves           {:7.3g} bytes/s within its second-level cache\n",
                      number("bytes_per_second"));
  text += fmt::format("  so the least time is{:7.2f} us; the network runs at {:.0f} % of that limit\n",
                      number("limit_us"), 100.0 * number("limit_share"));
  return text + fmt::format("  1e6 updates take    {:7.1f} s\n", number("us_per_update"));
}

}  // namespace shallows
