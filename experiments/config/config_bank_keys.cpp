// Configuration keys of the banks that are learned from the training images.
#include "experiments/config/config_rows.hpp"

namespace shallows {

std::vector<ConfigKey> learned_bank_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      choice<FieldScale>(
          "hidden.scale_by", "measure",
          "what hidden.scale sets, by one factor: the largest rectified response to a training image (as "
          "released), the root mean square response, the mean L1 norm of a field in one channel (the measure "
          "of the Gabor bank), the scale of the Gabor bank that has the same mean drive (the mean "
          "magnitude of responses to 1000 training images), or the factor itself, for fields as they are in "
          "a file",
          {{"largest", FieldScale::largest},
           {"rms", FieldScale::rms},
           {"l1", FieldScale::l1},
           {"gabor-drive", FieldScale::gabor_drive},
           {"as-is", FieldScale::as_is}},
          measured_bank, learning, [](auto& c) -> auto& { return c.learned.scale_by; }),
      plain(
          "hidden.features", "",
          "neurons that share a patch and learn from it; hidden.size is a multiple of it",
          CountDomain{1, 1'000'000}, learned_bank, learning,
          [](auto& c) -> auto& { return c.learned.features; }),
      plain(
          "hidden.fit_images", "images", "learn from the first training images; 0: from all",
          CountDomain{0, kMostImages}, learned_bank, learning,
          [](auto& c) -> auto& { return c.learned.fit_images; }),
      choice<PatchPlaces>(
          "hidden.places", "choice",
          "where patches may lie: all places, or without the last row and column of them (as released for "
          "PCA and ICA)",
          {{"all", PatchPlaces::all}, {"without-last", PatchPlaces::without_last}}, learned_bank, learning,
          [](auto& c) -> auto& { return c.learned.places; }),
      choice<PcaRule>(
          "hidden.pca_rule", "rule", "batch eigenvectors (as released), or a local online rule",
          {{"batch", PcaRule::batch}, {"sanger", PcaRule::sanger}, {"oja-subspace", PcaRule::oja_subspace}},
          pca_bank, learning, [](auto& c) -> auto& { return c.learned.pca_rule; }),
      choice<IcaRule>(
          "hidden.ica_rule", "rule", "batch FastICA, or a local online rule on whitened patches",
          {{"fastica", IcaRule::fast_ica}, {"nonlinear-hebb", IcaRule::nonlinear_hebb}}, ica_bank, learning,
          [](auto& c) -> auto& { return c.learned.ica_rule; }),
      plain(
          "hidden.ica_steps", "",
          "steps of FastICA at most (1: as released; it ends earlier where it has converged); 0: a random "
          "rotation of the whitened patches",
          CountDomain{0, 1'000'000}, ica_bank, learning,
          [](auto& c) -> auto& { return c.learned.ica_steps; }),
      plain(
          "hidden.variance_floor", "pixel variance",
          "added to the variances that whiten the patches in the filters", non_negative(1e6), ica_bank,
          learning, [](auto& c) -> auto& { return c.learned.variance_floor; }),
      choice<SparseRule>(
          "hidden.sparse_rule", "rule", "Brito and Gerstner 2016, or Foeldiak 1990",
          {{"brito", SparseRule::brito}, {"foldiak", SparseRule::foldiak}}, sparse_bank, learning,
          [](auto& c) -> auto& { return c.learned.sparse_rule; }),
      choice<SparseDynamics>(
          "hidden.sparse_dynamics", "dynamics",
          "recurrent inhibition integrated to its fixed point, or 50 Euler steps (as released)",
          {{"fixed-point", SparseDynamics::fixed_point}, {"fifty-steps", SparseDynamics::fifty_steps}},
          sparse_bank, learning, [](auto& c) -> auto& { return c.learned.sparse_dynamics; }),
      plain(
          "hidden.sparse_threshold", "", "threshold of the sparse-coding neurons (brito)", non_negative(1e6),
          sparse_bank, learning, [](auto& c) -> auto& { return c.learned.sparse_threshold; }),
      choice<HiddenInhibition>(
          "hidden.inhibition", "inhibition",
          "how sparse-coding neurons respond in the rate network: none, each for itself (rectified); or by "
          "the inhibition that they have learned within their patch, integrated to its fixed point or by 50 "
          "Euler steps (the paper's, fast)",
          {{"none", HiddenInhibition::none},
           {"fixed-point", HiddenInhibition::fixed_point},
           {"fifty-steps", HiddenInhibition::fifty_steps}},
          inhibiting_bank, learning, [](auto& c) -> auto& { return c.rate.inhibition; }),
      plain(
          "hidden.per_set_scale", "",
          "test and validation images: hidden.scale_by is measured on each set itself, without its labels "
          "(as released), not on the training images",
          SwitchDomain{}, inhibiting_bank, evaluation, [](auto& c) -> auto& { return c.per_set_scale; }),
      plain(
          "hidden.fit_updates", "images", "online rule: images shown to each population",
          CountDomain{1, 1'000'000'000'000}, online_bank, learning,
          [](auto& c) -> auto& { return c.learned.updates; }),
      plain(
          "hidden.fit_rate", "",
          "online rule: learning rate at the start; pca: over the mean squared norm of a patch",
          positive(1e6), online_bank, learning, [](auto& c) -> auto& { return c.learned.rate; }),
  };
}

}  // namespace shallows
