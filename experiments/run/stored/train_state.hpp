// How far a training run is: everything beside the network that a checkpoint must hold.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/run/tally.hpp"
#include "models/rate/learning_report.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

/// Images in one row of the learning curve.
inline constexpr std::uint64_t kCurveInterval = 1000;

/// The learning curve, one row per kCurveInterval presentations (and one for the rest at the end).
struct LearningCurveColumns {
  std::vector<std::uint64_t> images;    ///< presented so far
  std::vector<double> online_accuracy;  ///< percent of the row's images, each judged before it was learned
  std::vector<double> learning_rate;
  std::vector<std::vector<double>> spikes;  ///< per image, of each population
  std::vector<double> synaptic_events;      ///< per image
  std::vector<double> seconds;              ///< of training so far
  /// What some networks have beside it, by name: "loss", the mean of the row's images, each before it was
  /// learned; "feedback_angle_deg", between the errors that feedback alignment sends to a bank that learns in
  /// place and those of backpropagation, mean over sampled images; of every layer that learns in the general
  /// form "<layer>_update_angle_deg", "<layer>_feedback_angle_deg", "<layer>_largest_weight" and
  /// "<layer>_dead_units". What is not known in a row is not a number there.
  std::map<std::string, std::vector<double>> others;
};

struct TrainState {
  Tally total;             ///< since the first presentation; total.images is the next presentation's number
  Tally window;            ///< since the last row of the curve
  double angle_sum = 0.0;  ///< of feedback_angle_deg, since the last row of the curve
  std::uint64_t angles = 0;
  std::int64_t loss_units = 0;  ///< since the last row of the curve
  LearningCurveColumns curve;

  /// What the end of a row adds to it.
  struct RowEnd {
    double learning_rate;
    bool has_loss = false;
    std::vector<LayerFigures> layers = {};
  };
  /// Ends the window's row.
  void close_row(const RowEnd& end);
};

/// Into a file's /metrics and /progress, and back. `populations` are the names of the network's.
void write_train_state(RunWriter& writer, const TrainState& state,
                       const std::vector<std::string>& populations);
TrainState read_train_state(const RunReader& reader, const std::vector<std::string>& populations);

}  // namespace shallows
