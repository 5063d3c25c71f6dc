// A rate network as arrays, and back.
#include <utility>

#include "models/rate/layers/plastic_layer.hpp"
#include "models/rate/rate_network.hpp"

namespace shallows {
namespace {

std::string bias_array(std::size_t layer) { return "biases/" + layer_name(layer); }
/// By which this layer teaches the one below.
std::string feedback_array(std::size_t layer) { return "projections/" + layer_name(layer) + "/feedback"; }

}  // namespace

/// Calls use(name, values, whether learning changes them) for each array of a hidden layer.
template <class Use>
void RateNetwork::each_layer_array(Use&& use) const {
  for (std::size_t l = 0; l < fixed_.size(); ++l) use(bias_array(l + 1), fixed_[l].biases(), false);
  if (in_place_) use(bias_array(1), in_place_->biases, true);
  for (std::size_t l = 0; l < plastic_.size(); ++l) {
    const std::size_t number = fixed_.size() + l + 1;
    use(bias_array(number), plastic_[l].biases(), plastic_[l].is_taught());
    if (!plastic_[l].feedback().empty()) use(feedback_array(number), plastic_[l].feedback(), false);
  }
}

std::vector<NamedArray> RateNetwork::arrays() const {
  std::vector<NamedArray> arrays = {
      {"weights/readout/final", {classes(), readout_.inputs()}, readout_.weights()},
      {"biases/readout", {classes()}, readout_.biases()}};
  each_layer_array([&](const std::string& name, std::vector<float> values, bool) {
    const std::size_t size = values.size();
    arrays.push_back({name, {size}, std::move(values)});
  });
  if (feedback_) arrays.push_back({"weights/feedback", {classes(), hidden()}, feedback_->by_class()});
  return arrays;
}

std::vector<NamedArray> RateNetwork::initial_arrays() const {
  std::vector<NamedArray> arrays = {
      {"weights/readout/initial", {classes(), readout_.inputs()}, readout_.weights()},
      {"initial/biases/readout", {classes()}, readout_.biases()}};
  each_layer_array([&](const std::string& name, std::vector<float> values, bool learned) {
    const std::size_t size = values.size();
    if (learned) arrays.push_back({"initial/" + name, {size}, std::move(values)});
  });
  return arrays;
}

void RateNetwork::restore(std::span<const NamedArray> arrays) {
  RateNetwork restored = *this;
  std::vector<float> feedback;
  if (feedback_) feedback = array_values<float>(arrays, "weights/feedback", classes() * hidden());
  const auto biases_of = [&](std::size_t number, std::size_t size) {
    return array_values<float>(arrays, bias_array(number), size);
  };
  for (std::size_t l = 0; l < fixed_.size(); ++l)
    restored.fixed_[l].set_biases(biases_of(l + 1, fixed_[l].size()));
  if (in_place_) restored.in_place_->biases = biases_of(1, hidden());
  for (std::size_t l = 0; l < plastic_.size(); ++l) {
    const std::size_t number = fixed_.size() + l + 1;
    std::vector<float> from_above = plastic_[l].feedback();
    if (!from_above.empty())
      from_above = array_values<float>(arrays, feedback_array(number), from_above.size());
    restored.plastic_[l].restore(biases_of(number, plastic_[l].size()), from_above);
  }
  restored.readout_.restore(
      array_values<float>(arrays, "weights/readout/final", classes() * readout_.inputs()),
      array_values<float>(arrays, "biases/readout", classes()));
  if (feedback_) restored.feedback_->assign(feedback);
  *this = std::move(restored);
}

}  // namespace shallows
