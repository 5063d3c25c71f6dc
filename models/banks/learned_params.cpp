#include "models/banks/learned_params.hpp"

namespace shallows {

Fields<MeasuredParams> MeasuredParams::fields() {
  return {choice("scale_by", &MeasuredParams::scale_by, "measure",
                 "what hidden.scale sets, by one factor: the largest rectified response to a training image "
                 "(as released), the root mean square response, the mean L1 norm of a field in one channel "
                 "(the measure of the Gabor bank), the scale of the Gabor bank that has the same mean drive "
                 "(the mean magnitude of responses to 1000 training images), or the factor itself, for "
                 "fields as they are in a file",
                 {{"largest", FieldScale::largest},
                  {"rms", FieldScale::rms},
                  {"l1", FieldScale::l1},
                  {"gabor-drive", FieldScale::gabor_drive},
                  {"as-is", FieldScale::as_is}})};
}

Fields<LearnedParams> LearnedParams::fields() {
  return joined(
      inherited<LearnedParams, MeasuredParams>(),
      Fields<LearnedParams>{
          field("features", &LearnedParams::features, "",
                "neurons that share a patch and learn from it; hidden.size is a multiple of it",
                CountDomain{1, 1'000'000}),
          field("fit_images", &LearnedParams::fit_images, "images",
                "learn from the first training images; 0: from all", CountDomain{0, kMostImages}),
          choice("places", &LearnedParams::places, "choice",
                 "where patches may lie: all places, or without the last row and column of them (as "
                 "released for PCA and ICA)",
                 {{"all", PatchPlaces::all}, {"without-last", PatchPlaces::without_last}})});
}

void LearnedBank::set_defaults(MeasuredParams& params, BankShape& shape, Unit unit) {
  params.scale_by = unit == Unit::millivolt ? FieldScale::gabor_drive : FieldScale::largest;
  shape.scale = unit == Unit::millivolt ? 40.0 : 1.0;
}

Fields<OnlineParams> OnlineParams::fields() {
  return {field("fit_updates", &OnlineParams::fit_updates, "images",
                "online rule: images shown to each population", CountDomain{1, 1'000'000'000'000}),
          field("fit_rate", &OnlineParams::fit_rate, "",
                "online rule: learning rate at the start; pca: over the mean squared norm of a patch",
                positive(1e6))};
}

}  // namespace shallows
