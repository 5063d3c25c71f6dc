#include "experiments/run/stored/projections.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/core/error.hpp"

namespace shallows {
namespace {

std::string array_of(const std::string& name, const char* part) { return "projections/" + name + "/" + part; }

bool is_full(const Synapses& synapses) {
  return synapses.sources.size() == synapses.source_count * synapses.targets();
}

[[noreturn]] void refuse(const std::string& name) {
  throw Error(ErrorKind::data, "the stored synapses of layer '" + name +
                                   "' do not fit the network (the file was changed or damaged); train again");
}

Synapses full_synapses(std::size_t targets, std::size_t sources) {
  Synapses synapses;
  for (std::size_t i = 0; i < targets; ++i) {
    for (std::size_t j = 0; j < sources; ++j) synapses.sources.push_back(static_cast<NeuronId>(j));
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  return synapses;
}

}  // namespace

std::string projection_weights(const std::string& name) { return array_of(name, "weights"); }

std::vector<NamedArray> projection_arrays(const std::string& name, const Projection& projection) {
  const Synapses& synapses = projection.synapses;
  const std::size_t n = synapses.targets();
  std::vector<double> rows, columns;
  for (const Place& place : projection.places) {
    rows.push_back(place.row);
    columns.push_back(place.column);
  }
  std::vector<NamedArray> arrays = {{array_of(name, "row"), {n}, std::move(rows)},
                                    {array_of(name, "column"), {n}, std::move(columns)}};
  if (is_full(synapses)) {
    arrays.push_back({projection_weights(name), {n, synapses.source_count}, synapses.weights_mV});
    return arrays;
  }
  arrays.push_back({projection_weights(name), {synapses.weights_mV.size()}, synapses.weights_mV});
  arrays.push_back({array_of(name, "source"), {synapses.sources.size()}, synapses.sources});
  arrays.push_back({array_of(name, "first"), {synapses.offsets.size()}, synapses.offsets});
  return arrays;
}

std::vector<NamedArray> simple_cell_arrays(const ReceptiveFields& bank, const Pool& pool) {
  const SimpleCells simple = simple_cells(bank, pool);
  const std::size_t n = simple.fields.size();
  std::vector<std::uint32_t> fields(n);
  std::vector<std::uint16_t> rows, columns;
  for (std::uint32_t i = 0; i < simple.of_field.size(); ++i) {
    for (const std::uint32_t cell : simple.of_field[i]) fields[cell] = i;
  }
  for (const PatchPosition position : simple.fields.positions()) {
    rows.push_back(position.row);
    columns.push_back(position.column);
  }
  return {{"simple_cells/field", {n}, std::move(fields)},
          {"simple_cells/row", {n}, std::move(rows)},
          {"simple_cells/column", {n}, std::move(columns)}};
}

Projection stored_projection(std::span<const NamedArray> arrays, const std::string& name,
                             std::size_t sources) {
  const auto& rows = array_values<double>(arrays, array_of(name, "row"));
  const auto& columns = array_values<double>(arrays, array_of(name, "column"), rows.size());
  const auto& weights = array_values<float>(arrays, projection_weights(name));
  Projection projection;
  for (std::size_t i = 0; i < rows.size(); ++i) projection.places.push_back({rows[i], columns[i]});
  const auto is_offsets = [&](const NamedArray& array) { return array.name == array_of(name, "first"); };
  if (std::ranges::none_of(arrays, is_offsets)) {
    projection.synapses = full_synapses(rows.size(), sources);
  } else {
    projection.synapses.sources = array_values<std::uint32_t>(arrays, array_of(name, "source"));
    projection.synapses.offsets =
        array_values<std::uint32_t>(arrays, array_of(name, "first"), rows.size() + 1);
  }
  Synapses& synapses = projection.synapses;
  synapses.source_count = sources;
  synapses.weights_mV = weights;
  bool fits = synapses.sources.size() == weights.size() && synapses.offsets.front() == 0 &&
              synapses.offsets.back() == weights.size() && std::ranges::is_sorted(synapses.offsets);
  for (std::size_t i = 0; fits && i < rows.size(); ++i) {
    const auto seen = synapses.sources_of(i);
    fits = std::ranges::adjacent_find(seen, std::ranges::greater_equal()) == seen.end() &&
           (seen.empty() || seen.back() < sources);
  }
  if (!fits || !std::ranges::all_of(weights, [](float w) { return std::isfinite(w); })) refuse(name);
  return projection;
}

}  // namespace shallows
