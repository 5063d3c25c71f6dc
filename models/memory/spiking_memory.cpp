#include "models/memory/spiking_memory.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <tuple>

namespace shallows {
namespace {

std::vector<float> spike_counts(const SpikeTrain& train, std::size_t sources) {
  std::vector<float> counts(sources, 0.0F);
  for (const NeuronId source : train.sources()) counts[source] += 1.0F;
  return counts;
}

}  // namespace

SpikingMemory::SpikingMemory(const SpikingMemoryParams& params, std::size_t pixels, std::size_t classes)
    : params_(params),
      encoder_(params.input, params.neuron, std::vector<double>(pixels, params.threshold_mV)),
      rows_(pixels, classes),
      layers_(classes) {}

void SpikingMemory::build(std::size_t label) {
  Synapses synapses;
  synapses.source_count = rows_.dimension();
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t row = 0; row < rows_.size(); ++row) {
    if (rows_.label(row) != label) continue;
    numbers.push_back(row);
    const std::span<const float> counts = rows_.values(row);
    double squares = 0.0;
    for (const float count : counts) squares += static_cast<double>(count) * static_cast<double>(count);
    const double scale = squares > 0.0 ? params_.gain_mV / std::sqrt(squares) : 0.0;
    for (NeuronId j = 0; j < counts.size(); ++j) {
      if (counts[j] == 0.0F) continue;
      synapses.sources.push_back(j);
      synapses.weights_mV.push_back(static_cast<float>(scale * static_cast<double>(counts[j])));
    }
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  const std::size_t size = numbers.size();
  layers_[label].emplace(
      ClassLayer{std::move(numbers),
                 LifLayer<float>(synapses, params_.neuron, std::vector<double>(size, params_.threshold_mV),
                                 std::vector<double>(size, 0.0))});
}

SpikeTrain SpikingMemory::encode(const Image& image) const {
  CurrentEncoder::State state(encoder_.size());
  SpikeTrain train;
  encoder_.encode(image, params_.duration_ms, state, train);
  return train;
}

SpikeTrain SpikingMemory::run(const ClassLayer& layer, const SpikeTrain& input) const {
  auto state = layer.layer.initial_state(std::vector<double>(layer.layer.size(), 0.0));
  SpikeTrain spikes;
  layer.layer.run(input, params_.duration_ms, state, spikes);
  return spikes;
}

void SpikingMemory::learn(std::span<const Presentation> batch) {
  assert(batch.size() <= params_.batch);
  std::vector<SpikeTrain> trains(batch.size());
  tbb::parallel_for(std::size_t{0}, batch.size(), [&](std::size_t i) { trains[i] = encode(batch[i].image); });
  std::vector<bool> stale(layers_.size(), false);
  std::size_t done = 0;
  for (; done < batch.size() && rows_.size() < params_.max_neurons; ++done) {
    rows_.add(spike_counts(trains[done], rows_.dimension()), batch[done].label, 1, 0);
    stale[batch[done].label] = true;
  }
  const auto refresh = [&] {
    for (std::size_t label = 0; label < stale.size(); ++label) {
      if (stale[label]) build(label);
      stale[label] = false;
    }
  };
  refresh();
  constexpr std::uint32_t kNone = static_cast<std::uint32_t>(-1);
  std::vector<std::uint32_t> winners(batch.size(), kNone);
  tbb::parallel_for(done, batch.size(), [&](std::size_t i) {
    const auto& layer = layers_[batch[i].label];
    if (!layer) return;
    const SpikeTrain spikes = run(*layer, trains[i]);
    if (!spikes.empty()) winners[i] = layer->numbers[spikes.sources().front()];
  });
  for (std::size_t i = done; i < batch.size(); ++i) {
    if (winners[i] == kNone) continue;
    const std::vector<float> counts = spike_counts(trains[i], rows_.dimension());
    rows_.average(winners[i], std::vector<double>(counts.begin(), counts.end()), 1, 0);
    stale[batch[i].label] = true;
  }
  refresh();
}

SpikingMemory::Answer SpikingMemory::respond(const Image& image, SpikingWinner winner,
                                             std::size_t neighbours) const {
  struct Candidate {
    std::uint64_t spikes = 0;
    TimeMs first_ms = 0.0;
    std::uint32_t row = 0;
  };
  const SpikeTrain input = encode(image);
  Answer answer{.response = {.kind = ScoreKind::vote, .scores = std::vector<float>(rows_.classes(), 0.0F)},
                .first_spike_ms = params_.duration_ms,
                .input_spikes = input.size()};
  std::vector<Candidate> candidates;
  for (const auto& layer : layers_) {
    if (!layer) continue;
    const SpikeTrain spikes = run(*layer, input);
    answer.row_spikes += spikes.size();
    std::vector<Candidate> own(layer->numbers.size());
    for (std::size_t s = 0; s < spikes.size(); ++s) {
      Candidate& row = own[spikes.sources()[s]];
      if (row.spikes++ == 0) row.first_ms = spikes.times()[s];
      row.row = layer->numbers[spikes.sources()[s]];
    }
    std::copy_if(own.begin(), own.end(), std::back_inserter(candidates),
                 [](const Candidate& row) { return row.spikes > 0; });
  }
  const bool by_time = winner == SpikingWinner::first_spike;
  const auto key = [&](const Candidate& c) {
    return std::tuple(by_time ? 0.0 : -static_cast<double>(c.spikes), c.first_ms, c.row);
  };
  const std::size_t k = std::min(neighbours, candidates.size());
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(k), candidates.end(),
                    [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
  for (const Candidate& c : candidates) answer.first_spike_ms = std::min(answer.first_spike_ms, c.first_ms);
  for (std::size_t i = 0; i < k; ++i) answer.response.scores[rows_.label(candidates[i].row)] += 1.0F;
  const std::vector<float>& scores = answer.response.scores;
  const float most = *std::max_element(scores.begin(), scores.end());
  for (std::size_t i = k; i-- > 0;) {
    const std::uint8_t label = rows_.label(candidates[i].row);
    if (scores[label] == most) answer.response.predicted = label;
  }
  return answer;
}

}  // namespace shallows
