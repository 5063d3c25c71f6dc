#include "output/view/inspect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "output/record/descriptions.hpp"
#include "output/record/run_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

using nlohmann::json;

constexpr std::size_t most_children_shown = 200;
constexpr std::size_t most_value_shown = 60;
constexpr std::size_t most_meaning_shown = 90;

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

void read_node(const h5::File& file, const std::string& path, TreeNode& node, std::set<std::uint64_t>& seen) {
  if (node.kind == h5::ObjectKind::other) return;
  for (const std::string& name : file.attribute_names(path)) {
    node.attributes.emplace_back(name, file.attribute(path, name));
  }
  if (node.kind == h5::ObjectKind::dataset) {
    node.dataset = file.info(path);
    return;
  }
  for (const h5::Child& child : file.children(path)) {
    TreeNode& below = node.children.emplace_back();
    below.name = child.name;
    below.kind = child.kind;
    // A group may be linked into itself.
    if (child.kind == h5::ObjectKind::group && !seen.insert(child.address).second) continue;
    read_node(file, (path == "/" ? "" : path) + "/" + child.name, below, seen);
  }
}

std::string cut(std::string text, std::size_t most) {
  if (display_width(text) <= most) return text;
  while (display_width(text) > most) text.pop_back();
  return text + " ...";
}

/// Unit and first sentence of the description, where an object has them.
std::string meaning_text(const TreeNode& node) {
  std::string unit, sentence;
  for (const auto& [name, value] : node.attributes) {
    const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
    if (text == nullptr) continue;
    if (name == kUnit && *text != "1") unit = *text;
    if (name == kDescription) sentence = text->substr(0, text->find(". "));
  }
  if (sentence.ends_with('.')) sentence.pop_back();
  return (unit.empty() ? "" : "  [" + unit + "]") +
         (sentence.empty() ? "" : "  " + cut(sentence, most_meaning_shown));
}

std::string value_text(const std::optional<h5::AttributeValue>& value) {
  if (!value) return "(of a type not shown)";
  const json as_json = to_json(*value);
  const std::string text = as_json.is_string() ? as_json.get<std::string>() : as_json.dump();
  const std::string line = text.substr(0, text.find('\n'));
  const std::string shown = cut(line, most_value_shown);
  return shown == line && line != text ? line + " ..." : shown;
}

void render_node(const TreeNode& node, std::size_t depth, std::string& text) {
  const std::string indent(2 * depth, ' ');
  text += indent + node.name;
  switch (node.kind) {
    case h5::ObjectKind::group:
      text += "/";
      break;
    case h5::ObjectKind::dataset:
      text += fmt::format("  {} [{}]", node.dataset.type, fmt::join(node.dataset.shape, ", "));
      break;
    case h5::ObjectKind::other:
      text += "  (a link to nowhere or a named type)";
      break;
  }
  text += meaning_text(node) + "\n";
  for (const auto& [name, value] : node.attributes) {
    if (name == kUnit || name == kDescription) continue;
    text += fmt::format("{}  @{} = {}\n", indent, name, value_text(value));
  }
  for (std::size_t i = 0; i < std::min(node.children.size(), most_children_shown); ++i) {
    render_node(node.children[i], depth + 1, text);
  }
  if (node.children.size() > most_children_shown) {
    text += fmt::format("{}  ... and {} more\n", indent, node.children.size() - most_children_shown);
  }
}

std::string class_text(std::uint8_t label) { return label == no_class ? "none" : std::to_string(label); }

json class_json(std::uint8_t label) { return label == no_class ? json() : json(label); }

std::vector<PopulationStatistics> all_statistics(const h5::File& file, const InspectOptions& options) {
  std::vector<PopulationStatistics> all;
  const auto names = options.populations.empty() ? spike_populations(file) : options.populations;
  for (const std::string& name : names) all.push_back(population_statistics(file, name));
  return all;
}

void require_trials(const h5::File& file) {
  if (Trials::present(file)) return;
  throw Error(ErrorKind::configuration,
              fmt::format("{} has no trials (none were recorded, or another program wrote "
                          "it); look at its populations",
                          file.path()));
}

}  // namespace

TreeNode read_tree(const h5::File& file) {
  TreeNode root{.name = file_name(file.path()), .kind = h5::ObjectKind::group};
  std::set<std::uint64_t> seen;
  read_node(file, "/", root, seen);
  return root;
}

std::string render_tree(const TreeNode& tree) {
  std::string text;
  render_node(tree, 0, text);
  return text;
}

json to_json(const TreeNode& tree) {
  const bool is_dataset = tree.kind == h5::ObjectKind::dataset;
  json node = {{"name", tree.name},
               {"kind", is_dataset                           ? "dataset"
                        : tree.kind == h5::ObjectKind::group ? "group"
                                                             : "other"}};
  if (is_dataset) {
    node["type"] = tree.dataset.type;
    node["shape"] = tree.dataset.shape;
  }
  for (const auto& [name, value] : tree.attributes)
    node["attributes"][name] = value ? to_json(*value) : json();
  for (const TreeNode& child : tree.children) node["children"].push_back(to_json(child));
  return node;
}

std::string render_trial(std::uint64_t index, const TrialInfo& trial) {
  std::string verdict;
  if (trial.label != no_class && trial.predicted != no_class) {
    verdict = trial.label == trial.predicted ? " (right)" : " (wrong)";
  }
  std::string text = fmt::format("trial {}: {} image {}, label {}, predicted {}{}, {:.10g} to {:.10g} ms\n",
                                 index, to_string(trial.phase), trial.sample, class_text(trial.label),
                                 class_text(trial.predicted), verdict, trial.start_ms, trial.stop_ms);
  if (trial.scores.empty() || std::isnan(trial.scores[0])) return text;
  text += "scores:";
  for (std::size_t i = 0; i < trial.scores.size(); ++i)
    text += fmt::format("  {}: {:.4g}", i, trial.scores[i]);
  return text + "\n";
}

json to_json(std::uint64_t index, const TrialInfo& trial) {
  return {{"trial", index},
          {"phase", to_string(trial.phase)},
          {"sample", trial.sample},
          {"label", class_json(trial.label)},
          {"predicted", class_json(trial.predicted)},
          {"start_ms", trial.start_ms},
          {"stop_ms", trial.stop_ms},
          {"scores", trial.scores}};
}

json to_json(const RasterLayer& layer) {
  return {{"population", layer.population},
          {"neurons", layer.neurons},
          {"recorded", layer.recorded},
          {"times_ms", layer.times_ms},
          {"ids", layer.ids}};
}

std::string inspect_text(const h5::File& file, const InspectOptions& options) {
  const auto curve = [&] {
    return render_learning_curve(read_learning_curve(file, options.curve),
                                 {.width = options.width, .rows = 10, .glyphs = options.glyphs});
  };
  std::string text;
  if (options.trial) {
    require_trials(file);
    const TrialInfo trial = Trials(file).read(*options.trial);
    const auto layers = read_raster(file, *options.trial, options.populations);
    text = render_trial(*options.trial, trial) +
           render_raster(layers, trial.stop_ms - trial.start_ms,
                         {.width = options.width, .rows = 12, .glyphs = options.glyphs});
    return options.curve.empty() ? text : text + "\n" + curve();
  }
  text = render_tree(read_tree(file)) + "\n" + render_populations(all_statistics(file, options));
  const std::string charts = curve();
  return charts.empty() ? text : text + "\n" + charts;
}

json inspect_json(const h5::File& file, const InspectOptions& options) {
  json result = {{"file", file.path()}};
  if (options.trial) {
    require_trials(file);
    result["trial"] = to_json(*options.trial, Trials(file).read(*options.trial));
    for (const RasterLayer& layer : read_raster(file, *options.trial, options.populations)) {
      result["trial"]["spikes"].push_back(to_json(layer));
    }
    if (!options.curve.empty()) result["learning_curve"] = to_json(read_learning_curve(file, options.curve));
    return result;
  }
  result["tree"] = to_json(read_tree(file));
  result["populations"] = json::array();
  for (const auto& statistics : all_statistics(file, options))
    result["populations"].push_back(to_json(statistics));
  result["learning_curve"] = to_json(read_learning_curve(file, options.curve));
  if (file.contains("/summary")) result["summary"] = read_summary(file);
  return result;
}

}  // namespace shallows
