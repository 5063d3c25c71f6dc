// Writes a small run file whose every number follows a rule that read_run.py knows too.
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <vector>

#include "output/record/run_file.hpp"
#include "output/record/spike_recorder.hpp"

namespace shallows {
namespace {

/// Neuron (7 k + i) % size fires at 0.5 i ms, i = 0 ... k.
SpikeTrain train_of_trial(std::uint32_t k, std::uint32_t size) {
  std::vector<Spike> spikes;
  for (std::uint32_t i = 0; i <= k; ++i) spikes.push_back({0.5 * i, (7 * k + i) % size});
  return SpikeTrain::from_unsorted(std::move(spikes));
}

void write_spikes(h5::File& file) {
  SpikeRecorder recorder(file, {{"input", 784}, {"hidden", 100}, {"readout", 10}}, 10);
  const SpikeTrain silent;
  for (std::uint32_t k = 0; k < 20; ++k) {
    const SpikeTrain input = train_of_trial(k, 784);
    const SpikeTrain readout = train_of_trial(k, 10);
    const SpikeTrain* trains[] = {&input, &silent, k % 2 == 0 ? &readout : nullptr};
    std::vector<float> scores(10, 0.0f);
    scores[k % 10] = static_cast<float>(k);
    recorder.trial({.start_ms = 200.0 * k,
                    .stop_ms = 200.0 * (k + 1),
                    .sample = 1000 + k,
                    .label = static_cast<std::uint8_t>(k % 10),
                    .predicted = static_cast<std::uint8_t>(k % 9),
                    .phase = k < 15 ? Phase::test : Phase::validation,
                    .scores = scores},
                   trains);
  }
  recorder.finish();
}

void write_sample(const char* path) {
  RunWriter writer(path, FileKind::run);
  writer.write_provenance({.version = "0.1.0", .seed = 42, .threads = 2, .config = "name = \"µ-sample\"\n"});
  writer.write_summary({{"test_accuracy", 98.25}, {"finished", true}});
  std::vector<float> weights(10 * 100);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.25f * static_cast<float>(i);
  writer.write_array("weights/readout/final", weights, {10, 100});
  for (std::uint64_t i = 0; i < 6; ++i) {
    writer.append_metric("images", 1000 * i);
    writer.append_metric("training_accuracy", 90.0 + 0.5 * static_cast<double>(i));
  }
  write_spikes(writer.file());
  writer.commit();
}

}  // namespace
}  // namespace shallows

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_sample_run FILE\n", stderr);
    return 2;
  }
  try {
    shallows::write_sample(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
