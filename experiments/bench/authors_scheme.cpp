#include "experiments/bench/authors_scheme.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shallows {

AuthorsScheme::AuthorsScheme(const SpikingParams& params, const ReceptiveFields& bank,
                             const Thresholds& thresholds)
    : params_(params), inputs_(bank.shape().pixels()), hidden_(bank.size()) {
  for (const std::vector<double>& population : thresholds) {
    threshold_.insert(threshold_.end(), population.begin(), population.end());
  }
  v_.assign(threshold_.size(), params.neuron.reset_mV);
  trace_.assign(threshold_.size(), 0.0);
  drive_.assign(threshold_.size(), params.hidden_bias_mV);
  to_hidden_.assign(inputs_ * hidden_, 0.0);
  for (std::size_t i = 0; i < hidden_; ++i) {
    for (std::size_t k = 0; k < bank.filter_size(); ++k) {
      to_hidden_[bank.pixel(i, k) * hidden_ + i] = static_cast<double>(bank.filter(i)[k]);
    }
  }
  const std::size_t classes = thresholds.back().size();
  to_readout_.assign(hidden_ * classes, params.readout.weight_scale_mV / static_cast<double>(hidden_));
}

void AuthorsScheme::advance(TimeMs elapsed) {
  const double decay = std::exp(-elapsed / params_.neuron.tau_ms);
  const double trace_decay =
      std::exp(-elapsed / std::get<TeacherStdpParams>(params_.readout.rule).trace_tau_ms);
  for (std::size_t i = 0; i < v_.size(); ++i) {
    v_[i] = drive_[i] + (v_[i] - drive_[i]) * decay;
    trace_[i] *= trace_decay;
  }
}

void AuthorsScheme::spike(std::size_t neuron, TimeMs time, Counts& counts) {
  v_[neuron] = params_.neuron.reset_mV;
  trace_[neuron] += 1.0 / std::get<TeacherStdpParams>(params_.readout.rule).trace_tau_ms;
  if (neuron < inputs_) {
    ++counts.input;
  } else if (neuron < inputs_ + hidden_) {
    ++counts.hidden;
  } else {
    ++counts.readout;
    return;
  }
  queue_.push_back({time + params_.delay_ms, neuron});
}

void AuthorsScheme::deliver(TimeMs time, Counts& counts) {
  const std::size_t classes = v_.size() - inputs_ - hidden_;
  while (!queue_.empty() && queue_.front().time == time) {
    const std::size_t source = queue_.front().neuron;
    queue_.pop_front();
    const bool is_input = source < inputs_;
    const double* weights =
        is_input ? to_hidden_.data() + source * hidden_ : to_readout_.data() + (source - inputs_) * classes;
    double* targets = v_.data() + (is_input ? inputs_ : inputs_ + hidden_);
    const std::size_t count = is_input ? hidden_ : classes;
    for (std::size_t i = 0; i < count; ++i) targets[i] += weights[i];
  }
  for (std::size_t i = inputs_; i < v_.size(); ++i) {
    if (v_[i] >= threshold_[i]) spike(i, time, counts);
  }
}

AuthorsScheme::Counts AuthorsScheme::present(const Image& image, TimeMs duration) {
  std::vector<float> pixels(inputs_);
  image.centered(pixels);
  for (std::size_t j = 0; j < inputs_; ++j) {
    drive_[j] = params_.input.gain_mV * static_cast<double>(pixels[j]) + params_.input.bias_mV;
  }
  Counts counts;
  TimeMs now = 0.0;
  while (true) {
    double smallest = std::numeric_limits<double>::infinity();
    std::size_t next = 0;
    for (std::size_t i = 0; i < v_.size(); ++i) {
      if (drive_[i] <= threshold_[i]) continue;
      const double argument = (drive_[i] - v_[i]) / (drive_[i] - threshold_[i]);
      if (argument < smallest) {
        smallest = argument;
        next = i;
      }
    }
    const TimeMs crossing = now + params_.neuron.tau_ms * std::log(std::max(1.0, smallest));
    const TimeMs arrival = queue_.empty() ? std::numeric_limits<TimeMs>::infinity() : queue_.front().time;
    const TimeMs event = std::min(crossing, arrival);
    if (event >= duration) break;
    advance(event - now);
    now = event;
    if (crossing <= arrival) {
      spike(next, now, counts);
    } else {
      deliver(now, counts);
    }
  }
  advance(duration - now);
  for (Arrival& arrival : queue_) arrival.time -= duration;
  return counts;
}

}  // namespace shallows
