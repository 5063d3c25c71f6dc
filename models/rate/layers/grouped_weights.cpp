#include "models/rate/layers/grouped_weights.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>

#include "models/eigen_index.hpp"
#include "sim/vector/matrix_product.hpp"

namespace shallows {
namespace {

/// Most neurons of a group, and sources of a part of the transposed product.
constexpr std::size_t kMostNeurons = 64;
constexpr std::size_t kSourcesAtOnce = 112;

std::size_t count(Eigen::Index n) { return static_cast<std::size_t>(n); }

/// sum [source, image] += W^T step for sources [first, first + size) of the group. Images lie side by side in
/// `sum` and `step`: they are the lanes, so that the weights are read in their order.
void add_transposed(const GroupedWeights::Group& group, std::size_t first, std::size_t size,
                    const WeightMatrix<float>& step, WeightMatrix<float>& sum) {
  const std::size_t neurons = count(group.weights.rows());
  const std::size_t images = count(step.cols());
  multiply(size, images, neurons, {group.weights.data() + first * neurons, neurons, 1},
           {step.row(group.first).data(), images, 1}, sum.row(index(first)).data(), images, Sum::onto);
}

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
  find_populations();
  assign(synapses.weights_mV);
}

GroupedWeights::GroupedWeights(std::size_t neurons, std::size_t sources)
    : neurons_(index(neurons)), sources_(index(sources)) {
  for (std::size_t first = 0; first < neurons; first += kMostNeurons) {
    const std::size_t size = std::min(kMostNeurons, neurons - first);
    groups_.push_back({index(first), {}, RateMatrix<float>::Zero(index(size), sources_)});
  }
  find_populations();
}

void GroupedWeights::find_populations() {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (g > 0 && groups_[g].sources == groups_[g - 1].sources)
      populations_.back().end = g + 1;
    else
      populations_.push_back({g, g + 1});
  }
}

std::size_t GroupedWeights::synapses() const {
  std::size_t synapses = 0;
  for (const Group& group : groups_) synapses += count(group.weights.size());
  return synapses;
}

std::vector<float> GroupedWeights::values() const {
  std::vector<float> values;
  values.reserve(synapses());
  for (const Group& group : groups_) {
    const WeightMatrix<float> by_neuron = group.weights;
    values.insert(values.end(), by_neuron.data(), by_neuron.data() + by_neuron.size());
  }
  return values;
}

void GroupedWeights::assign(std::span<const float> values) {
  assert(values.size() == synapses());
  const float* next = values.data();
  for (Group& group : groups_) {
    group.weights = Eigen::Map<const WeightMatrix<float>>(next, group.weights.rows(), group.weights.cols());
    next += group.weights.size();
  }
}

GroupedWeights GroupedWeights::zeros() const {
  GroupedWeights zeros = *this;
  for (Group& group : zeros.groups_) group.weights.setZero();
  return zeros;
}

const RateMatrix<float>& GroupedWeights::seen(const Group& group, const RateMatrix<float>& x,
                                              RateMatrix<float>& gathered) {
  if (group.sources.empty()) return x;
  gathered.resize(index(group.sources.size()), x.cols());
  for (Eigen::Index k = 0; k < x.cols(); ++k) {
    for (std::size_t j = 0; j < group.sources.size(); ++j) gathered(index(j), k) = x(group.sources[j], k);
  }
  return gathered;
}

RateMatrix<float> GroupedWeights::times(const RateMatrix<float>& x) const {
  RateMatrix<float> product(neurons_, x.cols());
  tbb::parallel_for(std::size_t{0}, groups_.size(), [&](std::size_t g) {
    const Group& group = groups_[g];
    const std::size_t neurons = count(group.weights.rows()), sources = count(group.weights.cols());
    RateMatrix<float> gathered;
    const float* in = seen(group, x, gathered).data();
    multiply(count(x.cols()), neurons, sources, {in, sources, 1}, {group.weights.data(), neurons, 1},
             product.row(group.first).data(), count(neurons_), Sum::fresh);
  });
  return product;
}

RateMatrix<float> GroupedWeights::transposed_times(const RateMatrix<float>& step) const {
  WeightMatrix<float> product = WeightMatrix<float>::Zero(sources_, step.cols());
  const WeightMatrix<float> by_neuron = step;
  if (is_dense()) {
    const std::size_t parts = (count(sources_) + kSourcesAtOnce - 1) / kSourcesAtOnce;
    tbb::parallel_for(std::size_t{0}, parts, [&](std::size_t part) {
      const std::size_t first = part * kSourcesAtOnce;
      const std::size_t size = std::min(kSourcesAtOnce, count(sources_) - first);
      for (const Group& group : groups_) add_transposed(group, first, size, by_neuron, product);
    });
    return product;
  }
  for (const Population& population : populations_) {  // one after the other: they share sources
    const RateMatrix<float> part = of_population(population, by_neuron);
    const std::vector<NeuronId>& sources = groups_[population.first].sources;
    for (Eigen::Index j = 0; j < part.rows(); ++j)
      product.row(sources.empty() ? j : index(sources[count(j)])) += part.row(j);
  }
  return product;
}

RateMatrix<float> GroupedWeights::transposed_times(const Population& population,
                                                   const RateMatrix<float>& step) const {
  return of_population(population, step);
}

/// The same, of steps in which images lie side by side.
RateMatrix<float> GroupedWeights::of_population(const Population& population,
                                                const WeightMatrix<float>& step) const {
  WeightMatrix<float> product =
      WeightMatrix<float>::Zero(groups_[population.first].weights.cols(), step.cols());
  for (std::size_t g = population.first; g < population.end; ++g)
    add_transposed(groups_[g], 0, count(product.rows()), step, product);
  return product;
}

}  // namespace shallows
