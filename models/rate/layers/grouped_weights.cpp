#include "models/rate/layers/grouped_weights.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>

#include "models/eigen_index.hpp"

namespace shallows {
namespace {

/// Most neurons of a group, and sources of a part of the transposed product.
constexpr std::size_t kMostNeurons = 64;
constexpr Eigen::Index kSourcesAtOnce = 128;

}  // namespace

GroupedWeights::GroupedWeights(const Synapses& synapses)
    : neurons_(index(synapses.targets())), sources_(index(synapses.source_count)) {
  for (std::size_t first = 0; first < synapses.targets();) {
    const std::span<const NeuronId> sources = synapses.sources_of(first);
    std::size_t end = first + 1;
    while (end < synapses.targets() && end - first < kMostNeurons &&
           std::ranges::equal(synapses.sources_of(end), sources))
      ++end;
    Group group{.first = index(first), .sources = {}, .weights = {}};
    if (sources.size() < synapses.source_count) group.sources.assign(sources.begin(), sources.end());
    group.weights.resize(index(end - first), index(sources.size()));
    groups_.push_back(std::move(group));
    first = end;
  }
  assign(synapses.weights_mV);
}

std::size_t GroupedWeights::synapses() const {
  std::size_t count = 0;
  for (const Group& group : groups_) count += static_cast<std::size_t>(group.weights.size());
  return count;
}

std::vector<float> GroupedWeights::values() const {
  std::vector<float> values;
  for (const Group& group : groups_)
    values.insert(values.end(), group.weights.data(), group.weights.data() + group.weights.size());
  return values;
}

void GroupedWeights::assign(std::span<const float> values) {
  assert(values.size() == synapses());
  const float* next = values.data();
  for (Group& group : groups_) {
    std::copy_n(next, group.weights.size(), group.weights.data());
    next += group.weights.size();
  }
}

RateMatrix<float> GroupedWeights::seen(const Group& group, const RateMatrix<float>& x) {
  if (group.sources.empty()) return x;
  RateMatrix<float> seen(index(group.sources.size()), x.cols());
  for (Eigen::Index k = 0; k < x.cols(); ++k) {
    for (std::size_t j = 0; j < group.sources.size(); ++j) seen(index(j), k) = x(group.sources[j], k);
  }
  return seen;
}

RateMatrix<float> GroupedWeights::times(const RateMatrix<float>& x) const {
  RateMatrix<float> product(neurons_, x.cols());
  tbb::parallel_for(std::size_t{0}, groups_.size(), [&](std::size_t g) {
    const Group& group = groups_[g];
    auto rows = product.middleRows(group.first, group.weights.rows());
    if (group.sources.empty()) {
      rows.noalias() = group.weights * x;
    } else {
      rows.noalias() = group.weights * seen(group, x);
    }
  });
  return product;
}

RateMatrix<float> GroupedWeights::transposed_times(const RateMatrix<float>& step) const {
  RateMatrix<float> product = RateMatrix<float>::Zero(sources_, step.cols());
  const bool dense = std::ranges::all_of(groups_, [](const Group& group) { return group.sources.empty(); });
  if (dense) {
    const auto parts = static_cast<std::size_t>((sources_ + kSourcesAtOnce - 1) / kSourcesAtOnce);
    tbb::parallel_for(std::size_t{0}, parts, [&](std::size_t part) {
      const Eigen::Index first = index(part) * kSourcesAtOnce;
      const Eigen::Index size = std::min(kSourcesAtOnce, sources_ - first);
      for (const Group& group : groups_) {
        product.middleRows(first, size).noalias() += group.weights.middleCols(first, size).transpose() *
                                                     step.middleRows(group.first, group.weights.rows());
      }
    });
    return product;
  }
  RateMatrix<float> of_group;
  for (const Group& group : groups_) {  // one after the other: they share sources
    of_group.noalias() = group.weights.transpose() * step.middleRows(group.first, group.weights.rows());
    for (Eigen::Index k = 0; k < step.cols(); ++k) {
      for (Eigen::Index j = 0; j < of_group.rows(); ++j) {
        const Eigen::Index source = group.sources.empty() ? j : group.sources[static_cast<std::size_t>(j)];
        product(source, k) += of_group(j, k);
      }
    }
  }
  return product;
}

}  // namespace shallows
