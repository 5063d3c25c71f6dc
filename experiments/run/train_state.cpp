#include "experiments/run/train_state.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace shallows {
namespace {

constexpr const char* kFeedbackAngle = "feedback_angle_deg";

/// A tally as an array, in the order of its members.
std::array<double, 8> to_array(const Tally& tally) {
  const auto real = [](std::uint64_t count) { return static_cast<double>(count); };  // exact below 2^53
  return {real(tally.images),          real(tally.judged),
          real(tally.correct),         real(tally.input_spikes),
          real(tally.hidden_spikes),   real(tally.readout_spikes),
          real(tally.synaptic_events), tally.seconds};
}

Tally to_tally(const std::vector<double>& values) {
  const auto count = [&](std::size_t i) { return static_cast<std::uint64_t>(values[i]); };
  return {.images = count(0),
          .judged = count(1),
          .correct = count(2),
          .input_spikes = count(3),
          .hidden_spikes = count(4),
          .readout_spikes = count(5),
          .synaptic_events = count(6),
          .seconds = values[7]};
}

/// Calls f(name, column) for every column of the curve.
template <class Curve, class F>
void each_column(Curve& curve, F&& f) {
  f("images", curve.images);
  f("online_accuracy", curve.online_accuracy);
  f("learning_rate", curve.learning_rate);
  f("hidden_spikes_per_image", curve.hidden_spikes);
  f("readout_spikes_per_image", curve.readout_spikes);
  f("synaptic_events_per_image", curve.synaptic_events);
  f("seconds", curve.seconds);
}

}  // namespace

void TrainState::close_row(double learning_rate) {
  curve.images.push_back(total.images);
  curve.online_accuracy.push_back(window.accuracy());
  curve.learning_rate.push_back(learning_rate);
  curve.hidden_spikes.push_back(window.per_image(window.hidden_spikes));
  curve.readout_spikes.push_back(window.per_image(window.readout_spikes));
  curve.synaptic_events.push_back(window.per_image(window.synaptic_events));
  curve.seconds.push_back(total.seconds);
  if (angles > 0 || !curve.feedback_angle.empty())
    curve.feedback_angle.push_back(angle_sum / static_cast<double>(angles));  // NaN in a row without any
  window = {};
  angle_sum = 0.0;
  angles = 0;
}

void write_train_state(RunWriter& writer, const TrainState& state) {
  writer.write_array("progress/total", to_array(state.total));
  writer.write_array("progress/window", to_array(state.window));
  writer.write_array("progress/angle", std::array{state.angle_sum, static_cast<double>(state.angles)});
  each_column(state.curve,
              [&](const char* name, const auto& column) { writer.append_metric(name, std::span(column)); });
  if (!state.curve.feedback_angle.empty())
    writer.append_metric(kFeedbackAngle, std::span<const double>(state.curve.feedback_angle));
}

TrainState read_train_state(const RunReader& reader) {
  TrainState state;
  state.total = to_tally(reader.read_array<double>("progress/total", {8}));
  state.window = to_tally(reader.read_array<double>("progress/window", {8}));
  if (reader.contains("progress/segments"))
    state.segments = reader.read_array<std::uint64_t>("progress/segments", {1})[0];
  const std::vector<double> angle = reader.read_array<double>("progress/angle", {2});
  state.angle_sum = angle[0];
  state.angles = static_cast<std::uint64_t>(angle[1]);
  each_column(state.curve, [&](const char* name, auto& column) {
    column = reader.metric<typename std::decay_t<decltype(column)>::value_type>(name);
  });
  const std::vector<std::string> names = reader.metric_names();
  if (std::find(names.begin(), names.end(), kFeedbackAngle) != names.end())
    state.curve.feedback_angle = reader.metric<double>(kFeedbackAngle);
  return state;
}

}  // namespace shallows
