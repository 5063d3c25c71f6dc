// Weights and batches for the tests of what learns in the general form of rate networks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/eigen_index.hpp"
#include "models/rate/layers/trained_weights.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

inline RateMatrix<float> normal_numbers(std::size_t rows, std::size_t columns, std::uint64_t stream) {
  Rng rng(83, Purpose::tests, stream);
  RateMatrix<float> numbers(index(rows), index(columns));
  for (Eigen::Index i = 0; i < numbers.size(); ++i) numbers.data()[i] = static_cast<float>(rng.normal());
  return numbers;
}

/// Every neuron sees every source, with normal weights. More than 64 neurons fall into several groups.
inline GroupedWeights dense_weights(std::size_t neurons, std::size_t sources, std::uint64_t stream) {
  GroupedWeights weights(neurons, sources);
  const RateMatrix<float> numbers = normal_numbers(sources, neurons, stream);
  weights.assign({numbers.data(), neurons * sources});
  return weights;
}

/// A batch as a layer sees it; activations, answers and errors are as good as any.
struct Batch {
  RateMatrix<float> x, a, y, step;
  RateVector<float> shares;

  Batch(std::size_t sources, std::size_t neurons, std::size_t images, std::uint64_t stream)
      : x(normal_numbers(sources, images, 10 * stream)),
        a(normal_numbers(neurons, images, 10 * stream + 1)),
        y(a.cwiseMax(0.0F)),
        step(normal_numbers(neurons, images, 10 * stream + 2)),
        shares(RateVector<float>::Constant(index(images), 1.0F / static_cast<float>(images))) {}

  Lesson lesson(double learning_rate) const { return {x, a, y, step, shares, learning_rate}; }
};

/// Neuron by neuron, in double precision.
inline WeightMatrix<double> matrix_of(const GroupedWeights& weights) {
  const std::vector<float> values = weights.values();
  return Eigen::Map<const WeightMatrix<float>>(values.data(), weights.neurons(), weights.sources())
      .cast<double>();
}

}  // namespace shallows
