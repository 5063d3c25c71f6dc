#include "experiments/run/stored/train_state.hpp"

#include <set>
#include <string>
#include <type_traits>

namespace shallows {
namespace {

constexpr const char* kFeedbackAngle = "feedback_angle_deg";
constexpr const char* kTotal = "progress/total";
constexpr const char* kWindow = "progress/window";

using Names = std::vector<std::string>;

/// Calls f(name, member) for every sum of a tally, which has one of spikes for each population.
template <class Sums, class F>
void each_sum(Sums& tally, const Names& populations, F&& f) {
  f("images", tally.images);
  f("judged", tally.judged);
  f("correct", tally.correct);
  for (std::size_t p = 0; p < populations.size(); ++p)
    f((populations[p] + "_spikes").c_str(), tally.spikes[p]);
  f("synaptic_events", tally.synaptic_events);
  f("seconds", tally.seconds);
}

void write_tally(RunWriter& writer, const char* group, Tally tally, const Names& populations) {
  tally.spikes.resize(populations.size());  // which an empty one does not have yet
  each_sum(tally, populations, [&](const char* name, auto sum) { writer.write_attribute(group, name, sum); });
}

Tally read_tally(const RunReader& reader, const char* group, const Names& populations) {
  Tally tally;
  tally.spikes.resize(populations.size());
  each_sum(tally, populations, [&](const char* name, auto& sum) {
    sum = reader.attribute<std::decay_t<decltype(sum)>>(group, name);
  });
  return tally;
}

/// Calls f(name, column) for every column of the curve.
template <class Curve, class F>
void each_column(Curve& curve, const Names& populations, F&& f) {
  f("images", curve.images);
  f("online_accuracy", curve.online_accuracy);
  f("learning_rate", curve.learning_rate);
  for (std::size_t p = 0; p < populations.size(); ++p)
    f((populations[p] + "_spikes_per_image").c_str(), curve.spikes[p]);
  f("synaptic_events_per_image", curve.synaptic_events);
  f("seconds", curve.seconds);
}

}  // namespace

void TrainState::close_row(const RowEnd& end) {
  curve.images.push_back(total.images);
  curve.online_accuracy.push_back(window.accuracy());
  curve.learning_rate.push_back(end.learning_rate);
  curve.spikes.resize(window.spikes.size());
  for (std::size_t p = 0; p < window.spikes.size(); ++p)
    curve.spikes[p].push_back(window.per_image(window.spikes[p]));
  curve.synaptic_events.push_back(window.per_image(window.synaptic_events));
  curve.seconds.push_back(total.seconds);
  if (angles > 0 || curve.others.contains(kFeedbackAngle))  // NaN in a row without any
    curve.others[kFeedbackAngle].push_back(angle_sum / static_cast<double>(angles));
  if (end.has_loss)
    curve.others["loss"].push_back(static_cast<double>(loss_units) /
                                   (kLossUnit * static_cast<double>(window.images)));
  for (const LayerFigures& figures : end.layers) {
    const auto add = [&](const char* what, double value) {
      curve.others[figures.layer + what].push_back(value);
    };
    add("_update_angle_deg", figures.update_angle_deg);
    add("_feedback_angle_deg", figures.feedback_angle_deg);
    add("_largest_weight", figures.largest_weight);
    add("_dead_units", figures.dead_units);
  }
  window = {};
  loss_units = 0;
  angle_sum = 0.0;
  angles = 0;
}

void write_train_state(RunWriter& writer, const TrainState& state, const Names& populations) {
  write_tally(writer, kTotal, state.total, populations);
  write_tally(writer, kWindow, state.window, populations);
  writer.write_attribute(kWindow, "feedback_angle_sum_deg", state.angle_sum);
  writer.write_attribute(kWindow, "feedback_angles", state.angles);
  writer.write_attribute(kWindow, "loss_units", static_cast<std::uint64_t>(state.loss_units));
  LearningCurveColumns curve = state.curve;
  curve.spikes.resize(populations.size());
  each_column(curve, populations,
              [&](const char* name, const auto& column) { writer.append_metric(name, std::span(column)); });
  for (const auto& [name, column] : state.curve.others)
    writer.append_metric(name, std::span<const double>(column));
}

TrainState read_train_state(const RunReader& reader, const Names& populations) {
  TrainState state;
  state.total = read_tally(reader, kTotal, populations);
  state.window = read_tally(reader, kWindow, populations);
  state.curve.spikes.resize(populations.size());
  state.angle_sum = reader.attribute<double>(kWindow, "feedback_angle_sum_deg");
  state.angles = reader.attribute<std::uint64_t>(kWindow, "feedback_angles");
  state.loss_units = static_cast<std::int64_t>(reader.attribute<std::uint64_t>(kWindow, "loss_units"));
  std::set<std::string> known;
  each_column(state.curve, populations, [&](const char* name, auto& column) {
    column = reader.metric<typename std::decay_t<decltype(column)>::value_type>(name);
    known.insert(name);
  });
  for (const std::string& name : reader.metric_names()) {
    if (!known.contains(name)) state.curve.others[name] = reader.metric<double>(name);
  }
  return state;
}

}  // namespace shallows
