// What a network has to say about its learning beside its answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shallows {

/// Whether the first update of a call is compared with that of backpropagation.
enum class Measure { nothing, first_update };

/// Of a layer that learns in the general form. What is not known is not a number.
struct LayerFigures {
  std::string layer;          ///< "hidden", "hidden2", ..., "readout"
  double update_angle_deg;    ///< between the last update that was measured and that of backpropagation
  double feedback_angle_deg;  ///< between the feedback weights that teach it and the forward ones
  double largest_weight;
  double dead_units;  ///< those that have answered 0 to all images since the figures were asked for
};

struct LearningReport {
  /// Between the hidden errors that feedback alignment and backpropagation give, summed over `angles` images.
  double angle_sum_deg = 0.0;
  std::uint64_t angles = 0;
  /// Of the losses of the images, each before it was learned, in units of 1 / kLossUnit: whole ones, so that the
  /// sum does not depend on how a training is cut.
  std::int64_t loss_units = 0;
  /// The images since the last one at which any readout unit was active.
  std::uint64_t silent = 0;
  /// Of the first output that is not finite or far from every target: the weights have diverged.
  std::optional<float> diverged;
};

inline constexpr double kLossUnit = 1 << 20;

/// Counts an image's answers and their loss in.
void check_answers(const std::vector<float>& answers, double loss, LearningReport& report);

}  // namespace shallows
