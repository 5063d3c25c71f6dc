#include "experiments/bench/network_figures.hpp"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "output/resumable_recording.hpp"
#include "output/run_file.hpp"

namespace shallows {
namespace {

/// Of training with and without recording in turn, as the speed of a machine and its disk changes by the
/// second.
constexpr int kRounds = 5;

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
        const SpikeTrain* hidden = &activities[i].hidden;
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
  return seconds([&] {
    tbb::parallel_for(std::size_t{0}, shown.size(), [&](std::size_t k) {
      Activity activity;
      network.respond(shown[k].image, activity);
    });
  });
}

}  // namespace

nlohmann::json network_figures(const Workload& work, const ImageSet& images, std::size_t count,
                               std::uint64_t threads) {
  const std::vector<Presentation> shown = presentations(images, count);
  const std::string recorded =
      (std::filesystem::temp_directory_path() / ("shallows-bench-" + std::to_string(getpid()) + ".h5"))
          .string();
  nlohmann::json figures;
  double one_train = 0.0;
  double one_test = 0.0;
  for (const std::uint64_t limit : std::set<std::uint64_t>{1, threads}) {
    const tbb::global_control control(tbb::global_control::max_allowed_parallelism, limit);
    SpikingNetwork network(work.params, work.bank, work.thresholds, kBenchSeed);
    train_seconds(network, std::span(shown).first(std::min<std::size_t>(16, count)), work.duration);
    std::vector<double> plain_rounds;
    std::vector<double> recorded_rounds;
    for (int round = 0; round < kRounds; ++round) {
      plain_rounds.push_back(train_seconds(network, shown, work.duration));
      recorded_rounds.push_back(train_seconds(network, shown, work.duration, recorded));
      std::filesystem::remove(recorded);
    }
    const double train = median(plain_rounds);
    const double with_recording = median(recorded_rounds);
    const double test = test_seconds(network, shown);
    const std::string key = std::to_string(limit);
    const auto to_ms = 1e3 / static_cast<double>(count);
    figures["ms_per_presentation"][key] = train * to_ms;
    figures["ms_per_recorded_presentation"][key] = with_recording * to_ms;
    figures["ms_per_test_image"][key] = test * to_ms;
    if (limit == 1) {
      one_train = train;
      one_test = test;
      figures["recording_ms"] = (with_recording - train) * to_ms;
      figures["recording_cost"] = with_recording / train - 1.0;
    }
    figures["train_speedup"] = one_train / train;
    figures["test_speedup"] = one_test / test;
  }
  return figures;
}

}  // namespace shallows
