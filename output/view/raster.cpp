#include "output/view/raster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "output/view/population_statistics.hpp"

namespace shallows {
namespace {

constexpr std::size_t margin = 7;

std::vector<std::uint64_t> neurons_that_fired(const RasterLayer& layer) {
  std::vector<std::uint64_t> ids = layer.ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

/// `most` of the ids at equal steps.
std::vector<std::uint64_t> evenly_chosen(const std::vector<std::uint64_t>& ids, std::size_t most) {
  if (ids.size() <= most) return ids;
  std::vector<std::uint64_t> chosen(most);
  for (std::size_t i = 0; i < most; ++i) chosen[i] = ids[i * ids.size() / most];
  return chosen;
}

std::string heading(const RasterLayer& layer, std::size_t fired, std::size_t shown) {
  if (!layer.recorded) return fmt::format("{}: not recorded in this trial\n", layer.population);
  std::string text = fmt::format("{}: {} of {} neurons fired, {} spikes", layer.population, fired,
                                 layer.neurons, layer.ids.size());
  if (shown < layer.neurons && shown > 0) text += fmt::format(" ({} of those that fired are shown)", shown);
  return text + "\n";
}

/// Draws the neurons `shown`, each `dots_per_neuron` dots high.
std::string draw(const RasterLayer& layer, const std::vector<std::uint64_t>& shown,
                 std::size_t dots_per_neuron, double duration_ms, std::size_t columns, Glyphs glyphs) {
  const std::size_t dots_down = glyphs == Glyphs::unicode ? 4 : 1;
  const std::size_t rows = (shown.size() * dots_per_neuron + dots_down - 1) / dots_down;
  DotCanvas canvas(columns, rows, glyphs, '|');
  std::unordered_map<std::uint64_t, std::size_t> line_of;
  for (std::size_t i = 0; i < shown.size(); ++i) line_of[shown[i]] = i;
  for (std::size_t i = 0; i < layer.ids.size(); ++i) {
    const auto line = line_of.find(layer.ids[i]);
    if (line == line_of.end()) continue;
    const std::size_t x = dot_of(layer.times_ms[i], 0.0, duration_ms, canvas.width());
    for (std::size_t dot = 0; dot < dots_per_neuron; ++dot)
      canvas.set(x, line->second * dots_per_neuron + dot);
  }
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) {
    text += fmt::format("{:>{}} {}{}\n", shown[row * dots_down / dots_per_neuron], margin - 1,
                        glyphs == Glyphs::unicode ? "│" : "|", canvas.row(row));
  }
  return text;
}

}  // namespace

std::vector<RasterLayer> read_raster(const h5::File& file, std::uint64_t trial,
                                     std::span<const std::string> populations) {
  const Trials trials(file);
  const TrialInfo info = trials.read(trial);
  std::vector<std::string> names(populations.begin(), populations.end());
  if (names.empty()) names = spike_populations(file);
  std::vector<RasterLayer> layers;
  for (const std::string& name : names) {
    RasterLayer layer{.population = name, .neurons = population_size(file, name)};
    layer.recorded = trials.recorded(name, trial, 1).front() != 0;
    const auto range = trials.offsets(name, trial, 1);
    const std::string group = "/spikes/" + name;
    layer.times_ms = file.read_rows<double>(group + "/timestamps", range[0], range[1] - range[0]);
    layer.ids = file.read_rows<std::uint64_t>(group + "/node_ids", range[0], range[1] - range[0]);
    for (double& time : layer.times_ms) time -= info.start_ms;
    layers.push_back(std::move(layer));
  }
  if (populations.empty()) {
    const auto rank = [](const RasterLayer& layer) { return layer.population == "input" ? 0 : 1; };
    std::stable_sort(layers.begin(), layers.end(), [&](const RasterLayer& a, const RasterLayer& b) {
      return std::pair(rank(a), b.neurons) < std::pair(rank(b), a.neurons);
    });
  }
  return layers;
}

std::string render_raster(std::span<const RasterLayer> layers, double duration_ms, const RasterStyle& style) {
  const std::size_t columns = std::max<std::size_t>(style.width, margin + 20) - margin - 1;
  const double duration = duration_ms > 0.0 ? duration_ms : 1.0;
  const std::size_t dots_down = style.glyphs == Glyphs::unicode ? 4 : 1;
  std::string text;
  for (const RasterLayer& layer : layers) {
    const auto fired = neurons_that_fired(layer);
    const bool one_line_each = layer.neurons <= style.rows;
    const std::size_t room = style.rows * (one_line_each ? 1 : dots_down);
    std::vector<std::uint64_t> shown;
    if (layer.neurons <= room) {
      shown.resize(layer.neurons);
      std::iota(shown.begin(), shown.end(), std::uint64_t{0});
    } else {
      shown = evenly_chosen(fired, room);
    }
    text += heading(layer, fired.size(), shown.size());
    if (!layer.recorded) continue;
    text += draw(layer, shown, one_line_each ? dots_down : 1, duration, columns, style.glyphs);
  }
  return text + render_axis(0.0, duration, margin, columns, "ms", style.glyphs);
}

}  // namespace shallows
