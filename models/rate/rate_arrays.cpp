// A rate network as arrays, and back.
#include <utility>

#include "models/rate/layers/plastic_stack.hpp"
#include "models/rate/rate_network.hpp"

namespace shallows {
namespace {

std::string bias_array(std::size_t layer) { return "biases/" + layer_name(layer); }
constexpr const char* kFeedback = "feedback/hidden";

}  // namespace

std::vector<NamedArray> RateNetwork::arrays() const {
  std::vector<NamedArray> arrays;
  for (std::size_t l = 0; l < fixed_.size(); ++l)
    arrays.push_back({bias_array(l + 1), {fixed_[l].size()}, fixed_[l].biases()});
  if (!stack_.empty()) {
    for (NamedArray& array : stack_.front().arrays()) arrays.push_back(std::move(array));
    return arrays;
  }
  arrays.push_back({"weights/readout/final", {classes(), readout_->inputs()}, readout_->weights()});
  arrays.push_back({"biases/readout", {classes()}, readout_->biases()});
  if (in_place_) arrays.push_back({bias_array(1), {hidden()}, in_place_->biases});
  if (feedback_) arrays.push_back({kFeedback, {classes(), hidden()}, feedback_->by_class()});
  return arrays;
}

std::vector<NamedArray> RateNetwork::initial_arrays() const {
  if (!stack_.empty()) return stack_.front().initial_arrays();
  std::vector<NamedArray> arrays = {
      {"weights/readout/initial", {classes(), readout_->inputs()}, readout_->weights()},
      {"initial/biases/readout", {classes()}, readout_->biases()}};
  if (in_place_) arrays.push_back({"initial/" + bias_array(1), {hidden()}, in_place_->biases});
  return arrays;
}

void RateNetwork::restore(std::span<const NamedArray> arrays) {
  RateNetwork restored = *this;
  for (std::size_t l = 0; l < fixed_.size(); ++l)
    restored.fixed_[l].set_biases(array_values<float>(arrays, bias_array(l + 1), fixed_[l].size()));
  if (!stack_.empty()) {
    restored.stack_.front().restore(arrays);
  } else {
    if (in_place_) restored.in_place_->biases = array_values<float>(arrays, bias_array(1), hidden());
    if (feedback_) restored.feedback_->assign(array_values<float>(arrays, kFeedback, classes() * hidden()));
    restored.readout_->restore(
        array_values<float>(arrays, "weights/readout/final", classes() * readout_->inputs()),
        array_values<float>(arrays, "biases/readout", classes()));
  }
  *this = std::move(restored);
}

}  // namespace shallows
