#include "models/spiking/spiking_state.hpp"

#include <cmath>
#include <utility>

#include "sim/core/error.hpp"

namespace shallows::spiking_state {

void save(const std::string& population, std::size_t neurons, const std::vector<LifState>& state,
          std::vector<NamedArray>& arrays) {
  std::vector<double> v, refractory;
  for (const LifState& neuron : state) {
    v.push_back(neuron.v_mV);
    refractory.push_back(neuron.refractory_left_ms);
  }
  arrays.push_back({"state/" + population + "/v_mV", {neurons}, std::move(v)});
  arrays.push_back({"state/" + population + "/refractory_left_ms", {neurons}, std::move(refractory)});
}

void load(const std::string& population, std::size_t neurons, std::span<const NamedArray> arrays,
          std::vector<LifState>& state) {
  const auto& v = array_values<double>(arrays, "state/" + population + "/v_mV", neurons);
  const auto& left = array_values<double>(arrays, "state/" + population + "/refractory_left_ms", neurons);
  for (std::size_t i = 0; i < neurons; ++i) state[i] = {v[i], left[i]};
}

void save_line(const std::string& name, const DelayLine& line, std::vector<NamedArray>& arrays) {
  const SpikeTrain& pending = line.pending();
  arrays.push_back({"state/pending_" + name + "/time_ms",
                    {pending.size()},
                    std::vector<double>(pending.times().begin(), pending.times().end())});
  arrays.push_back({"state/pending_" + name + "/source",
                    {pending.size()},
                    std::vector<std::uint32_t>(pending.sources().begin(), pending.sources().end())});
}

DelayLine load_line(const std::string& name, TimeMs delay_ms, std::size_t source_count,
                    std::span<const NamedArray> arrays) {
  const auto& times = array_values<double>(arrays, "state/pending_" + name + "/time_ms");
  const auto& sources =
      array_values<std::uint32_t>(arrays, "state/pending_" + name + "/source", times.size());
  SpikeTrain pending;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const Spike spike{times[i], sources[i]};
    const bool in_order = pending.empty() || pending[i - 1] <= spike;
    if (!std::isfinite(spike.time) || spike.time < 0.0 || spike.source >= source_count || !in_order) {
      throw Error(ErrorKind::data,
                  "array 'state/pending_" + name +
                      "' holds no spike train of this network (the file was changed or damaged); "
                      "use an earlier checkpoint, or train again");
    }
    pending.append(spike.time, spike.source);
  }
  return {delay_ms, std::move(pending)};
}

}  // namespace shallows::spiking_state
