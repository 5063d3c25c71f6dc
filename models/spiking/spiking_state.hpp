// The state of a spiking network's populations as named arrays, and back: state/NAME/v_mV,
// state/NAME/refractory_left_ms, state/NAME/normalised_v of the fast engine, and the spikes on their way to
// it in state/pending_NAME. Private to models/.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "models/spiking/spiking_stages.hpp"
#include "sim/core/delay_line.hpp"
#include "sim/core/named_array.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/neurons/lif.hpp"

namespace shallows::spiking_state {

void save(const std::string& population, std::size_t neurons, const std::vector<LifState>& state,
          std::vector<NamedArray>& arrays);
void load(const std::string& population, std::size_t neurons, std::span<const NamedArray> arrays,
          std::vector<LifState>& state);

template <class Real>
void save(const std::string& population, std::size_t neurons, const LifLayerState<Real>& state,
          std::vector<NamedArray>& arrays) {
  const auto save_as = [&](const char* name, const auto& values) {
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(neurons);  // without the padding
    arrays.push_back({"state/" + population + "/" + name, {neurons}, std::vector(values.begin(), end)});
  };
  save_as("normalised_v", state.x);
  if (!state.refractory_left_ms.empty()) save_as("refractory_left_ms", state.refractory_left_ms);
}

template <class Real>
void load(const std::string& population, std::size_t neurons, std::span<const NamedArray> arrays,
          LifLayerState<Real>& state) {
  const auto load_from = [&]<class Values>(const char* name, Values& values) {
    const auto& stored = array_values<typename Values::value_type>(
        arrays, "state/" + population + "/" + std::string(name), neurons);
    std::copy(stored.begin(), stored.end(), values.begin());
  };
  load_from("normalised_v", state.x);
  if (!state.refractory_left_ms.empty()) load_from("refractory_left_ms", state.refractory_left_ms);
}

/// `name` is that of the population to which the line leads.
void save_line(const std::string& name, const DelayLine& line, std::vector<NamedArray>& arrays);
/// Throws Error (data) unless it is a train of `source_count` neurons.
DelayLine load_line(const std::string& name, TimeMs delay_ms, std::size_t source_count,
                    std::span<const NamedArray> arrays);

/// All of a network: `populations` are the names, in its order. The arrays' names begin with `prefix`.
template <class Stages>
std::vector<NamedArray> arrays_of(const Stages& stages, const typename Stages::State& state,
                                  std::span<const std::string> populations,
                                  std::span<const std::size_t> sizes, const std::string& prefix) {
  std::vector<NamedArray> arrays;
  save(populations.front(), sizes.front(), state.input, arrays);
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    save_line(populations[l + 1], state.layers[l].line, arrays);
    save(populations[l + 1], sizes[l + 1], state.layers[l].neurons, arrays);
  }
  save_line(populations.back(), state.to_readout, arrays);
  stages.readout().save(state.readout, arrays);
  for (NamedArray& array : arrays) array.name = prefix + array.name;
  return arrays;
}

/// Into `state`, which is of this network. Throws Error (data).
template <class Stages>
void restore(const Stages& stages, std::span<const NamedArray> arrays,
             std::span<const std::string> populations, std::span<const std::size_t> sizes, TimeMs delay_ms,
             typename Stages::State& state) {
  load(populations.front(), sizes.front(), arrays, state.input);
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    state.layers[l].line = load_line(populations[l + 1], delay_ms, sizes[l], arrays);
    load(populations[l + 1], sizes[l + 1], arrays, state.layers[l].neurons);
  }
  state.to_readout = load_line(populations.back(), delay_ms, sizes[sizes.size() - 2], arrays);
  stages.readout().load(arrays, state.readout);
}

}  // namespace shallows::spiking_state
