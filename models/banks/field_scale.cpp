#include "models/banks/field_scale.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <utility>

#include "encoders/fixed_fields.hpp"
#include "models/banks/learning/inhibited_populations.hpp"
#include "sim/core/error.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {
namespace {

struct Responses {
  double largest = 0.0;
  double rms = 0.0;
  double mean_magnitude = 0.0;
};

Responses measure_responses(const ReceptiveFields& bank, HiddenInhibition dynamics, const ImageSet& images) {
  constexpr std::size_t kBatch = 256;
  const PackedSynapses<float> fields(to_synapses(bank), std::vector<double>(bank.size(), 1.0));
  std::optional<InhibitedPopulations> inhibited;
  if (dynamics != HiddenInhibition::none) inhibited.emplace(*bank.inhibition(), dynamics);
  const std::size_t pixels = images.shape().pixels();
  AlignedVector<float> shown, answers;
  double largest = 0.0, squares = 0.0, magnitudes = 0.0;
  for (std::size_t first = 0; first < images.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, images.size() - first);
    shown.resize(count * pixels);
    answers.resize(count * fields.padded_targets());
    for (std::size_t k = 0; k < count; ++k) {
      images.image(first + k).centered(std::span(shown).subspan(k * pixels, pixels));
    }
    fields.multiply_many(shown, answers);
    const auto answers_to = [&](std::size_t k) {
      return std::span(answers).subspan(k * fields.padded_targets(), bank.size());
    };
    if (inhibited)
      tbb::parallel_for(std::size_t{0}, count, [&](std::size_t k) { inhibited->respond(answers_to(k)); });
    for (std::size_t k = 0; k < count; ++k) {
      for (const float answer : answers_to(k)) {
        largest = std::max(largest, static_cast<double>(answer));
        squares += static_cast<double>(answer) * static_cast<double>(answer);
        magnitudes += std::abs(static_cast<double>(answer));
      }
    }
  }
  const double answers_in_all = static_cast<double>(images.size()) * static_cast<double>(bank.size());
  return {.largest = largest,
          .rms = std::sqrt(squares / answers_in_all),
          .mean_magnitude = magnitudes / answers_in_all};
}

double mean_l1(const ReceptiveFields& bank) {
  double l1 = 0.0;
  for (const float weight : bank.filters()) l1 += std::abs(static_cast<double>(weight));
  return l1 / static_cast<double>(bank.size() * bank.shape().channels);
}

/// The L1 norm of Gabor filters that drive as many neurons as strongly.
double equivalent_gabor_scale(const ReceptiveFields& bank, HiddenInhibition dynamics,
                              const ImageSet& images) {
  constexpr std::size_t kImages = 1000;
  constexpr std::uint64_t kSeed = 1;
  const ImageSet shown = images.slice(0, std::min(kImages, images.size()));
  const BankShape shape{.size = bank.size(), .patch = bank.patch(), .scale = 1.0};
  const ReceptiveFields gabors = make_gabor_fields({}, shape, bank.shape(), kSeed);
  return measure_responses(bank, dynamics, shown).mean_magnitude /
         measure_responses(gabors, HiddenInhibition::none, shown).mean_magnitude;
}

double measure(const ReceptiveFields& bank, FieldScale scale_by, HiddenInhibition dynamics,
               const ImageSet& images) {
  switch (scale_by) {
    case FieldScale::largest:
      return measure_responses(bank, dynamics, images).largest;
    case FieldScale::rms:
      return measure_responses(bank, dynamics, images).rms;
    case FieldScale::l1:
      return mean_l1(bank);
    case FieldScale::gabor_drive:
      return equivalent_gabor_scale(bank, dynamics, images);
    case FieldScale::as_is:
      return 1.0;
  }
  return 0.0;  // not reached: every enumerator returns above
}

}  // namespace

ReceptiveFields scaled_fields(const ReceptiveFields& bank, FieldScale scale_by, double scale,
                              HiddenInhibition dynamics, const ImageSet& images) {
  assert(dynamics == HiddenInhibition::none || bank.inhibition());
  const double measured = measure(bank, scale_by, dynamics, images);
  if (!(measured > 0.0) || !std::isfinite(measured)) {
    throw Error(ErrorKind::network,
                "the bank can't be scaled (its filters answer nothing, or nothing finite, to the images that "
                "its scale is measured on); check the images and the fit");
  }
  const auto rescale = [&](std::vector<float>& values) {
    for (float& value : values) value = static_cast<float>(static_cast<double>(value) * scale / measured);
  };
  std::vector<float> filters(bank.filters().begin(), bank.filters().end());
  rescale(filters);
  std::optional<LateralInhibition> inhibition = bank.inhibition();
  if (inhibition) rescale(inhibition->thresholds);
  return {bank.shape(),
          bank.patch(),
          {bank.positions().begin(), bank.positions().end()},
          std::move(filters),
          std::move(inhibition)};
}

}  // namespace shallows
