#include "experiments/bench/network_figures.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "output/record/resumable_recording.hpp"
#include "output/record/run_file.hpp"

namespace shallows {
namespace {

/// Of all that is compared in turn, as the speed of a machine and its disk changes by the second.
constexpr int kImageRounds = 7;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<Presentation> presentations(const ImageSet& images, std::size_t count) {
  std::vector<Presentation> shown;
  for (std::size_t k = 0; k < count; ++k) {
    shown.push_back({images.image(k % images.size()), images.label(k % images.size()), 2e-4});
  }
  return shown;
}

/// Shows all images, as the trainer does: in chunks, whose hidden spikes go to the run file `recorded`, if
/// it is named.
double train_seconds(SpikingNetwork& network, std::span<const Presentation> shown, TimeMs duration,
                     const std::string& recorded = {}) {
  constexpr std::size_t kChunk = 16;
  constexpr unsigned kUncompressed = 0;
  const std::vector<PopulationInfo> populations = {{"hidden", network.hidden()}};
  std::optional<ResumableRecording> recording;
  if (!recorded.empty()) recording.emplace(recorded, populations, 0, kUncompressed);
  std::vector<Activity> activities(kChunk);
  return seconds([&] {
    for (std::size_t k = 0; k < shown.size(); k += kChunk) {
      const std::size_t count = std::min(kChunk, shown.size() - k);
      network.learn(shown.subspan(k, count), std::span(activities).first(count));
      for (std::size_t i = 0; recording && i < count; ++i) {
        const double start = duration * static_cast<double>(k + i);
        const SpikeTrain* hidden = &activities[i].hidden();
        recording->recorder().trial({.start_ms = start, .stop_ms = start + duration}, std::span(&hidden, 1));
      }
    }
    if (!recording) return;
    recording->snapshot();
    recording->settle();
    recording->recorder().finish();
    RunWriter(recording->file(), FileKind::run);
    recording->commit([](const h5::Snapshot&) {});
  });
}

double test_seconds(const SpikingNetwork& network, std::span<const Presentation> shown) {
  tbb::enumerable_thread_specific<Activity> activity;
  return seconds([&] {
    tbb::parallel_for(std::size_t{0}, shown.size(),
                      [&](std::size_t k) { network.respond(shown[k].image, activity.local()); });
  });
}

/// What one number of threads takes: seconds for all images, by round.
struct Rounds {
  std::uint64_t threads;
  SpikingNetwork network;
  std::vector<double> train = {};
  std::vector<double> recorded = {};
  std::vector<double> test = {};
};

double median_ratio(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < above.size(); ++i) ratios.push_back(above[i] / below[i]);
  return median(std::move(ratios));
}

}  // namespace

nlohmann::json network_figures(const Workload& work, const ImageSet& images, std::size_t count,
                               std::uint64_t threads) {
  const std::vector<Presentation> shown = presentations(images, count);
  const std::string recorded =
      (std::filesystem::temp_directory_path() / ("shallows-bench-" + std::to_string(getpid()) + ".h5"))
          .string();
  std::vector<Rounds> all;
  for (const std::uint64_t limit : std::set<std::uint64_t>{1, threads})
    all.push_back({limit, SpikingNetwork(work.params, work.bank, work.thresholds, kBenchSeed)});
  for (int round = -1; round < kImageRounds; ++round) {
    for (Rounds& of : all) {
      const tbb::global_control control(tbb::global_control::max_allowed_parallelism, of.threads);
      if (round < 0) {  // to warm up
        train_seconds(of.network, std::span(shown).first(std::min<std::size_t>(16, count)), work.duration);
        continue;
      }
      of.train.push_back(train_seconds(of.network, shown, work.duration));
      of.recorded.push_back(train_seconds(of.network, shown, work.duration, recorded));
      of.test.push_back(test_seconds(of.network, shown));
      std::filesystem::remove(recorded);
    }
  }
  nlohmann::json figures;
  const auto to_ms = 1e3 / static_cast<double>(count);
  for (const Rounds& of : all) {
    const std::string key = std::to_string(of.threads);
    figures["ms_per_presentation"][key] = median(of.train) * to_ms;
    figures["ms_per_recorded_presentation"][key] = median(of.recorded) * to_ms;
    figures["ms_per_test_image"][key] = median(of.test) * to_ms;
  }
  const Rounds& one = all.front();
  const Rounds& most = all.back();
  figures["recording_cost"] = median_ratio(one.recorded, one.train) - 1.0;
  figures["recording_ms"] = figures["recording_cost"].get<double>() * median(one.train) * to_ms;
  figures["train_speedup"] = median_ratio(one.train, most.train);
  figures["test_speedup"] = median_ratio(one.test, most.test);
  return figures;
}

}  // namespace shallows
