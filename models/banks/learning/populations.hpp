// The populations of a learned bank: each has a patch of its own and learns from it alone, in parallel, by
// the rule of the bank.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "encoders/bank.hpp"
#include "models/banks/learned_params.hpp"
#include "models/banks/learning/samples.hpp"

namespace shallows {

/// What one population learned.
struct Population {
  Matrix filters;                      ///< a row for each feature
  std::vector<float> lateral = {};     ///< [from][to], of neurons that inhibit each other, and so are
  std::vector<float> thresholds = {};  ///< these
  double explained = 0.0;              ///< variance, of `total`; where a covariance was needed
  double total = 0.0;
  std::vector<FitFigure> figures = {};  ///< of the bank they are the means over its populations
};

class PopulationRule {
 public:
  virtual ~PopulationRule() = default;

  /// Whether learn() wants the covariance of the samples.
  virtual bool needs_covariance() const = 0;
  /// How far learn() advances the monitor.
  virtual std::uint64_t steps() const = 0;
  /// May be called from many threads. `covariance` is null unless it is needed.
  virtual Population learn(const Samples& samples, const Matrix* covariance, std::size_t population,
                           FitMonitor& monitor) const = 0;
};

/// Draws the patches, learns the populations from source.images and makes a bank of them: populations in
/// locality_order, features together, not scaled. Nothing if source.progress stopped it. shape.size is a
/// multiple of params.features.
///
/// Covariances are streamed: the memory does not grow with the number of images. A feature that nothing in
/// the images determines (of a patch that is always dark) is a zero filter; the figure "silent_filters"
/// counts them.
///
/// Throws Error (configuration) if a covariance would not fit into memory.
std::optional<MadeBank> fit_populations(const PopulationRule& rule, const LearnedParams& params,
                                        const BankShape& shape, const BankSource& source);

/// What PCA and ICA need: patches of more than one value, and fewer features than that. See
/// bank_problem() in models/banks/banks.hpp.
std::optional<Problem> problem_of_components(const LearnedParams& params, const BankShape& shape,
                                             const ImageShape* images);
/// hidden.size is a multiple of features.
std::optional<Problem> problem_of_populations(const LearnedParams& params, const BankShape& shape);

}  // namespace shallows
