#include "models/banks/learning/inhibited_populations.hpp"

#include <algorithm>
#include <cassert>

#include "models/banks/learning/inhibition_kernel.hpp"
#include "models/banks/learning/recurrent_dynamics.hpp"

namespace shallows {

using inhibition_kernel::kLanes;

namespace {

constexpr std::size_t kLargestInLanes = 64;  // neurons in a population: 256 KiB of weights for a group

}  // namespace

InhibitedPopulations::InhibitedPopulations(const LateralInhibition& inhibition, HiddenInhibition dynamics)
    : size_(inhibition.thresholds.size()), neurons_(inhibition.population), dynamics_(dynamics) {
  assert(dynamics != HiddenInhibition::none);
  // With few populations most lanes would be empty, and the weights of large ones would not fit into a cache.
  const bool in_lanes = populations() >= kLanes / 2 && neurons_ <= kLargestInLanes;
  if (dynamics == HiddenInhibition::fixed_point || !in_lanes) {
    lateral_.assign(inhibition.weights.begin(), inhibition.weights.end());
    thresholds_.assign(inhibition.thresholds.begin(), inhibition.thresholds.end());
    return;
  }
  const std::size_t groups = (populations() + kLanes - 1) / kLanes;
  lane_lateral_.assign(groups * neurons_ * neurons_ * kLanes, 0.0F);
  lane_thresholds_.assign(groups * neurons_ * kLanes, 0.0F);
  for (std::size_t p = 0; p < populations(); ++p) {
    for (std::size_t to = 0; to < neurons_; ++to) {
      const std::size_t row = p / kLanes * neurons_ + to;
      lane_thresholds_[row * kLanes + p % kLanes] = inhibition.thresholds[p * neurons_ + to];
      for (std::size_t from = 0; from < neurons_; ++from) {
        lane_lateral_[(row * neurons_ + from) * kLanes + p % kLanes] =
            inhibition.weights[(p * neurons_ + from) * neurons_ + to];
      }
    }
  }
}

void InhibitedPopulations::respond(std::span<float> hidden) const {
  assert(hidden.size() == size_);
  if (lane_thresholds_.empty()) {
    respond_one_by_one(hidden);
  } else {
    respond_in_lanes(hidden);
  }
}

void InhibitedPopulations::respond_one_by_one(std::span<float> hidden) const {
  RecurrentDynamics dynamics(
      dynamics_ == HiddenInhibition::fixed_point ? SparseDynamics::fixed_point : SparseDynamics::fifty_steps,
      neurons_);
  std::vector<double> drive(neurons_), activity(neurons_);
  for (std::size_t first = 0; first < size_; first += neurons_) {
    const auto own = hidden.subspan(first, neurons_);
    std::copy(own.begin(), own.end(), drive.begin());
    dynamics.respond(std::span(lateral_).subspan(first * neurons_, neurons_ * neurons_),
                     std::span(thresholds_).subspan(first, neurons_), drive, activity);
    std::transform(activity.begin(), activity.end(), own.begin(),
                   [](double value) { return static_cast<float>(value); });
  }
}

void InhibitedPopulations::respond_in_lanes(std::span<float> hidden) const {
  const std::size_t row = neurons_ * kLanes;
  AlignedVector<float> drive(row), scratch(2 * row);
  for (std::size_t first = 0; first < populations(); first += kLanes) {
    const std::size_t group = first / kLanes;
    const std::size_t lanes = std::min(kLanes, populations() - first);
    const std::span<float> own = hidden.subspan(first * neurons_, lanes * neurons_);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      for (std::size_t i = 0; i < neurons_; ++i) drive[i * kLanes + lane] = own[lane * neurons_ + i];
    }
    inhibition_kernel::take_steps({.neurons = neurons_,
                                   .lateral = lane_lateral_.data() + group * neurons_ * row,
                                   .thresholds = lane_thresholds_.data() + group * row},
                                  drive.data(), scratch.data());
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      for (std::size_t i = 0; i < neurons_; ++i) own[lane * neurons_ + i] = drive[i * kLanes + lane];
    }
  }
}

}  // namespace shallows
