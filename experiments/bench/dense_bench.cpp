#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/bench/rate_bench.hpp"
#include "experiments/bench/workload.hpp"
#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/network/network.hpp"
#include "sim/core/aligned_vector.hpp"

namespace shallows {
namespace {

constexpr std::string_view kBatches = R"(
model = "rate"
[[hidden]]
kind = "random"
size = 800
patch = 28
[[hidden]]
kind = "random"
size = 800
[readout]
loss = "cross-entropy"
[training]
batch = 64
)";

/// Linear, so that feedback alignment takes the general form as the others do (and not that of l-fa).
constexpr std::string_view kOnline = R"(
model = "rate"
[hidden]
kind = "random"
size = 2000
patch = 28
activation = "linear"
[readout]
loss = "cross-entropy"
)";

/// A rate that no rule diverges at in some hundred updates.
constexpr double kLearningRate = 1e-6;
constexpr int kTimedRounds = 5;

/// Multiply-adds that an image takes: answers, errors of hidden layers above the first, increments.
double multiply_adds(std::initializer_list<double> sizes, bool taught) {
  double all = 0.0, above_first = 0.0;
  for (const double* below = sizes.begin(); below + 1 != sizes.end(); ++below) {
    all += below[0] * below[1];
    if (below != sizes.begin()) above_first += below[0] * below[1];
  }
  return 2.0 * all + (taught ? above_first : 0.0);
}

/// Seconds of an update, the least of a few rounds of so many.
double seconds_per_update(std::string_view toml, const Overrides& overrides, const Dataset& dataset,
                          std::uint64_t updates) {
  const Config config = parse_config(toml, "bench", overrides);
  Network network = Network::make(config, dataset.train.shape(), dataset.classes);
  const std::size_t batch = config.rate()->batch;
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kTimedRounds; ++round) {
    std::vector<Presentation> shown;
    for (std::uint64_t k = 0; k < updates * batch; ++k) {
      const std::size_t image = k % dataset.train.size();
      shown.push_back({dataset.train.image(image), dataset.train.label(image), kLearningRate});
    }
    std::vector<std::uint8_t> predicted(shown.size());
    std::vector<Activity> activities(shown.size());
    const double time = seconds([&] { (void)network.learn(shown, activities, predicted); });
    best = std::min(best, time / static_cast<double>(updates));
  }
  return best;
}

/// Bytes per second, read and written, of weights of this size that all change in place.
double change_rate(std::size_t bytes) {
  AlignedVector<float> weights(bytes / sizeof(float), 1.0F);
  constexpr std::size_t kPiece = 1U << 14U;
  const std::size_t pieces = (weights.size() + kPiece - 1) / kPiece;
  constexpr int kPasses = 50;
  double best = 0.0;
  for (int round = 0; round < kTimedRounds; ++round) {
    const double time = seconds([&] {
      for (int pass = 0; pass < kPasses; ++pass) {
        tbb::parallel_for(std::size_t{0}, pieces, [&](std::size_t piece) {
          const std::size_t end = std::min(weights.size(), (piece + 1) * kPiece);
          for (std::size_t i = piece * kPiece; i < end; ++i) weights[i] *= 0.9999F;
        });
      }
    });
    best = std::max(best, 2.0 * kPasses * static_cast<double>(bytes) / time);
  }
  return best;
}

}  // namespace

nlohmann::json run_dense_bench(const RateBenchOptions& options) {
  const auto all = static_cast<std::uint64_t>(tbb::info::default_concurrency());
  const std::uint64_t threads = options.threads != 0 ? options.threads : all;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  const Dataset dataset = load_dataset({});
  const double before = product_rate(threads);
  nlohmann::json batches = nlohmann::json::array();
  for (const std::string rule : {"backprop", "feedback-alignment", "direct-feedback-alignment"}) {
    const double time = seconds_per_update(
        kBatches, std::vector{"hidden.rule=" + rule, "hidden.2.rule=" + rule}, dataset, options.images);
    // Direct feedback sends errors through matrices of the readout's size alone.
    const double operations =
        2.0 * 64.0 *
        (rule == "direct-feedback-alignment" ? multiply_adds({784, 800, 800, 10}, false) + 2.0 * 800 * 10
                                             : multiply_adds({784, 800, 800, 10}, true));
    batches.push_back({{"rule", rule},
                       {"ms_per_update", 1e3 * time},
                       {"epoch_seconds", 60000.0 / 64.0 * time},
                       {"gflops", 1e-9 * operations / time}});
  }
  const double product = std::max(before, product_rate(threads));
  for (auto& row : batches) row["product_share"] = 1e9 * row["gflops"].get<double>() / product;
  const std::size_t bytes = (784 * 2000 + 2000 * 10) * sizeof(float);
  const double memory = change_rate(bytes);
  nlohmann::json online = nlohmann::json::array();
  for (const std::string rule : {"hebb", "oja", "feedback-alignment"}) {
    const double time =
        seconds_per_update(kOnline, std::vector{"hidden.rule=" + rule}, dataset, options.images);
    const double least = 2.0 * static_cast<double>(bytes) / memory;
    online.push_back({{"rule", rule}, {"us_per_update", 1e6 * time}, {"limit_share", least / time}});
  }
  return {{"threads", threads},
          {"product_gflops", 1e-9 * product},
          {"batches", std::move(batches)},
          {"weight_bytes", bytes},
          {"bytes_per_second", memory},
          {"limit_us", 2e6 * static_cast<double>(bytes) / memory},
          {"online", std::move(online)}};
}

std::string render_dense_bench(const nlohmann::json& figures) {
  std::string text = fmt::format(
      "\ndense network 784-800-800-10 in batches of 64, {} threads; a large matrix product: {:.1f} "
      "GFlop/s\n\n",
      figures.at("threads").get<std::uint64_t>(), figures.at("product_gflops").get<double>());
  for (const auto& row : figures.at("batches")) {
    text += fmt::format("  {:26}{:7.2f} ms an update, {:5.2f} s an epoch, {:7.1f} GFlop/s, {:3.0f} % of it\n",
                        row.at("rule").get<std::string>(), row.at("ms_per_update").get<double>(),
                        row.at("epoch_seconds").get<double>(), row.at("gflops").get<double>(),
                        100.0 * row.at("product_share").get<double>());
  }
  text += fmt::format(
      "\ndense network 784-2000-10 online; its weights, {:.1f} MB, are read and written once in {:.0f} "
      "us\n\n",
      1e-6 * figures.at("weight_bytes").get<double>(), figures.at("limit_us").get<double>());
  for (const auto& row : figures.at("online")) {
    text += fmt::format("  {:26}{:7.0f} us an update, {:3.0f} % of that limit\n",
                        row.at("rule").get<std::string>(), row.at("us_per_update").get<double>(),
                        100.0 * row.at("limit_share").get<double>());
  }
  return text;
}

}  // namespace shallows
