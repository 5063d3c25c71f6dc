#include "experiments/bench/memory_bench.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>

#include <algorithm>
#include <vector>

#include "experiments/bench/workload.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "models/memory/memory_network.hpp"

namespace shallows {

nlohmann::json run_memory_bench(const MemoryBenchOptions& options) {
  const auto all = static_cast<std::uint64_t>(tbb::info::default_concurrency());
  const std::uint64_t threads = options.threads != 0 ? options.threads : all;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
  const Dataset dataset = load_dataset({});
  MemoryNetwork network({.max_neurons = options.rows}, nullptr, dataset.train.shape(), dataset.classes);
  const double before = product_rate(threads);
  constexpr std::size_t kChunk = 1000;
  double train_operations = 0.0, train_seconds = 0.0;
  for (std::size_t first = 0; first < dataset.train.size(); first += kChunk) {
    std::vector<Presentation> shown;
    for (std::size_t i = first; i < std::min(first + kChunk, dataset.train.size()); ++i) {
      shown.push_back({dataset.train.image(i), dataset.train.label(i), 0.0});
      // While there is place nothing is compared.
      if (i >= options.rows)
        train_operations += 2.0 * static_cast<double>(network.operations(dataset.train.label(i)));
    }
    std::vector<std::uint8_t> predicted(shown.size());
    train_seconds += seconds([&] { network.learn(shown, 0, predicted); });
  }
  std::size_t correct = 0;
  constexpr std::size_t kBatch = 512;
  double test_seconds = 0.0;
  for (std::size_t first = 0; first < dataset.test.size(); first += kBatch) {
    std::vector<Image> images;
    for (std::size_t i = first; i < std::min(first + kBatch, dataset.test.size()); ++i)
      images.push_back(dataset.test.image(i));
    std::vector<Response> answers;
    test_seconds += seconds([&] { answers = network.respond(images); });
    for (std::size_t i = 0; i < answers.size(); ++i)
      correct += answers[i].predicted == dataset.test.label(first + i) ? 1 : 0;
  }
  const double test_operations =
      2.0 * static_cast<double>(network.operations()) * static_cast<double>(dataset.test.size());
  const double product = std::max(before, product_rate(threads));
  return {{"machine", make_provenance({}, {}, 0).cpu},
          {"version", program_version()},
          {"threads", threads},
          {"rows", network.hidden()},
          {"accuracy", 100.0 * static_cast<double>(correct) / static_cast<double>(dataset.test.size())},
          {"product_gflops", 1e-9 * product},
          {"train_seconds", train_seconds},
          {"train_gflops", 1e-9 * train_operations / train_seconds},
          {"train_fraction", train_operations / train_seconds / product},
          {"test_seconds", test_seconds},
          {"test_gflops", 1e-9 * test_operations / test_seconds},
          {"test_fraction", test_operations / test_seconds / product}};
}

std::string render_memory_bench(const nlohmann::json& figures) {
  const auto number = [&](const char* key) { return figures.at(key).get<double>(); };
  std::string text =
      fmt::format("{}\nmemory of {} rows of MNIST, {} threads, {:.2f} % right\n\n",
                  figures.at("machine").get<std::string>(), figures.at("rows").get<std::uint64_t>(),
                  figures.at("threads").get<std::uint64_t>(), number("accuracy"));
  text += fmt::format("  a matrix product          {:8.1f} GFlop/s\n", number("product_gflops"));
  text += fmt::format("  one pass over 60000   {:6.2f} s  {:8.1f} GFlop/s, {:.0f} % of the product\n",
                      number("train_seconds"), number("train_gflops"), 100.0 * number("train_fraction"));
  text += fmt::format("  10000 test images     {:6.2f} s  {:8.1f} GFlop/s, {:.0f} % of the product\n",
                      number("test_seconds"), number("test_gflops"), 100.0 * number("test_fraction"));
  return text;
}

}  // namespace shallows
