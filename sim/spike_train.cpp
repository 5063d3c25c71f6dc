#include "sim/spike_train.hpp"

#include <algorithm>
#include <cassert>

namespace shallows {

SpikeTrain SpikeTrain::from_unsorted(std::vector<Spike> spikes) {
  std::sort(spikes.begin(), spikes.end());
  SpikeTrain train;
  train.reserve(spikes.size());
  for (const Spike& spike : spikes) train.append(spike.time, spike.source);
  return train;
}

void SpikeTrain::append(TimeMs time, NeuronId source) {
  assert(empty() || (Spike{times_.back(), sources_.back()} <= Spike{time, source}));
  times_.push_back(time);
  sources_.push_back(source);
}

void SpikeTrain::clear() {
  times_.clear();
  sources_.clear();
}

void SpikeTrain::reserve(std::size_t size) {
  times_.reserve(size);
  sources_.reserve(size);
}

void SpikeTrain::assert_sorted() const {
#ifndef NDEBUG
  for (std::size_t i = 1; i < size(); ++i) assert((*this)[i - 1] <= (*this)[i]);
#endif
}

}  // namespace shallows
