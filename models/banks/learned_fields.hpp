// Banks that are learned from the training images: principal components, independent components, sparse
// coding (Illing et al. 2019; fact sheet, sections 5 and 6). The networks use them as linear filters, like
// any other bank; the rate network can use the inhibition among sparse-coding neurons, too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "encoders/image.hpp"
#include "encoders/receptive_fields.hpp"
#include "models/banks/hidden_inhibition.hpp"
#include "models/banks/learned_params.hpp"

namespace shallows {

/// A number that says how well the fit went, e.g. {"explained_variance", 0.93}.
struct FitFigure {
  std::string name;
  double value;
};

struct LearnedFields {
  ReceptiveFields bank;  ///< populations in locality_order, features together; not scaled
  std::vector<FitFigure> figures;
};

/// How far a fit is: called by one thread at a time; returns false to stop it.
using FitProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Learns the bank that fields.kind, .size and .patch ask for from `images` (centered). fields.size is
/// a multiple of params.features. Patches are learned in parallel (TBB); same bits on any number of threads.
/// Nothing if `progress` stopped it.
///
/// Covariances are streamed: the memory does not grow with the number of images. A feature that nothing in
/// the images determines (of a patch that is always dark) is a zero filter; the figure "silent_filters"
/// counts them.
///
/// Throws Error: configuration if a covariance would not fit into memory; network if an online rule diverges.
std::optional<LearnedFields> learn_fields(const FixedFieldsParams& fields, const LearnedParams& params,
                                          const ImageSet& images, std::uint64_t seed,
                                          const FitProgress& progress);

/// The bank times one factor, chosen from what it answers to `images` (largest, rms) or from the filters
/// alone (l1). Its answers are the filters' responses or, unless `dynamics` is none, what the inhibition,
/// which the bank must then have, makes of them. The thresholds are multiplied by the factor, too, so that
/// the inhibited responses are. Throws Error (network) if all filters or all answers are 0.
ReceptiveFields scaled_fields(const ReceptiveFields& bank, FieldScale scale_by, double scale,
                              HiddenInhibition dynamics, const ImageSet& images);

}  // namespace shallows
