// The scale of a bank that is learned or given: one factor for all its filters, chosen by what is measured.
#pragma once

#include "encoders/image.hpp"
#include "encoders/receptive_fields.hpp"
#include "models/banks/hidden_inhibition.hpp"
#include "models/banks/learned_params.hpp"

namespace shallows {

/// The bank times one factor, chosen from what it answers to `images` (largest, rms) or from the filters
/// alone (l1). Its answers are the filters' responses or, unless `dynamics` is none, what the inhibition,
/// which the bank must then have, makes of them. The thresholds are multiplied by the factor, too, so that
/// the inhibited responses are. Throws Error (network) if all filters or all answers are 0.
ReceptiveFields scaled_fields(const ReceptiveFields& bank, FieldScale scale_by, double scale,
                              HiddenInhibition dynamics, const ImageSet& images);

}  // namespace shallows
