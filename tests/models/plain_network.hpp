// The learning rate network in double precision, by the equations of docs/reference.md: the
// yardstick of RateNetwork where its bank learns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/rate/rate_network.hpp"

namespace shallows {

struct PlainNetwork {
  ReceptiveFields bank;  // where the patches are
  RateParams params;
  std::size_t classes;
  std::vector<double> filters;
  std::vector<double> hidden_biases;
  std::vector<double> weights;  // [class][hidden]
  std::vector<double> biases;
  std::vector<double> feedback;  // [class][hidden]; of feedback alignment

  static PlainNetwork of(const RateNetwork& net, const RateParams& params, const ReceptiveFields& bank) {
    const std::vector<NamedArray> arrays = net.arrays();
    const auto doubles = [&](std::string_view name) {
      const auto& values = array_values<float>(arrays, name);
      return std::vector<double>(values.begin(), values.end());
    };
    const std::vector<float> filters = *net.learned_weights(1);
    return {.bank = bank,
            .params = params,
            .classes = net.classes(),
            .filters = {filters.begin(), filters.end()},
            .hidden_biases = doubles("biases/hidden"),
            .weights = doubles("weights/readout/final"),
            .biases = doubles("biases/readout"),
            .feedback = std::holds_alternative<FeedbackAlignment::Params>(params.hidden.rule)
                            ? doubles("feedback/hidden")
                            : std::vector<double>{}};
  }

  std::vector<double> hidden(const std::vector<float>& x) const {
    std::vector<double> h(bank.size());
    const std::size_t size = bank.filter_size();
    for (std::size_t j = 0; j < h.size(); ++j) {
      double sum = hidden_biases[j];
      for (std::size_t k = 0; k < size; ++k) sum += filters[j * size + k] * x[bank.pixel(j, k)];
      h[j] = std::max(0.0, sum);
    }
    return h;
  }

  std::vector<double> activations(const std::vector<double>& h) const {
    std::vector<double> a = biases;
    for (std::size_t i = 0; i < classes; ++i) {
      for (std::size_t j = 0; j < h.size(); ++j) a[i] += weights[i * h.size() + j] * h[j];
    }
    return a;
  }

  std::vector<double> probabilities(std::vector<double> a) const {
    double sum = 0.0;
    for (double& value : a) sum += value = std::exp(value);
    for (double& value : a) value /= sum;
    return a;
  }

  double loss(const std::vector<float>& x, std::size_t label) const {
    const std::vector<double> a = activations(hidden(x));
    if (std::holds_alternative<CrossEntropy::Params>(params.loss)) return -std::log(probabilities(a)[label]);
    double sum = 0.0;
    for (std::size_t i = 0; i < classes; ++i) {
      const double error = (i == label ? 1.0 : 0.0) - std::max(0.0, a[i]);
      sum += 0.5 * error * error;
    }
    return sum;
  }

  void learn(const std::vector<float>& x, std::size_t label, double learning_rate) {
    const std::vector<double> h = hidden(x);
    const std::vector<double> a = activations(h);
    const std::vector<double> p = probabilities(a);
    std::vector<double> delta(classes);
    for (std::size_t i = 0; i < classes; ++i) {
      const double target = i == label ? 1.0 : 0.0;
      delta[i] = std::holds_alternative<CrossEntropy::Params>(params.loss) ? target - p[i]
                 : a[i] > 0.0                                              ? target - a[i]
                                                                           : 0.0;
    }
    const std::vector<double>& back = feedback.empty() ? weights : feedback;
    std::vector<double> error(h.size(), 0.0);
    for (std::size_t i = 0; i < classes; ++i) {
      for (std::size_t j = 0; j < h.size(); ++j) error[j] += back[i * h.size() + j] * delta[i];
    }
    for (std::size_t i = 0; i < classes; ++i) {
      for (std::size_t j = 0; j < h.size(); ++j) weights[i * h.size() + j] += learning_rate * delta[i] * h[j];
      biases[i] += learning_rate * delta[i];
    }
    const std::size_t size = bank.filter_size();
    const double rate = learning_rate * learning_params(params.hidden.rule)->learning_rate_factor;
    for (std::size_t j = 0; j < h.size(); ++j) {
      if (h[j] <= 0.0) continue;
      for (std::size_t k = 0; k < size; ++k) filters[j * size + k] += rate * error[j] * x[bank.pixel(j, k)];
      hidden_biases[j] += rate * error[j];
    }
  }
};

}  // namespace shallows
