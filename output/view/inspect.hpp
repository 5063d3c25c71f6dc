// What is in a file, as text and as JSON. Works on our files and on SONATA spike files of other programs.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "output/h5/h5.hpp"
#include "output/record/trials.hpp"
#include "output/view/learning_curve.hpp"
#include "output/view/population_statistics.hpp"
#include "output/view/raster.hpp"

namespace shallows {

struct TreeNode {
  std::string name = {};
  h5::ObjectKind kind = h5::ObjectKind::other;
  h5::DatasetInfo dataset = {};  ///< of a dataset
  /// No value: of a type that we don't read.
  std::vector<std::pair<std::string, std::optional<h5::AttributeValue>>> attributes = {};
  std::vector<TreeNode> children = {};  ///< empty for a group that is shown at another place already
};

/// The whole file; the root is named like the file.
TreeNode read_tree(const h5::File& file);
/// One line for each object, with its unit and the first sentence of its description (JSON has all of it),
/// and one for each other attribute. Long values are cut.
std::string render_tree(const TreeNode& tree);
nlohmann::json to_json(const TreeNode& tree);

/// "trial 3: test image 17, label 7, predicted 7 (right), 600 to 800 ms", and the scores below.
std::string render_trial(std::uint64_t index, const TrialInfo& trial);
nlohmann::json to_json(std::uint64_t index, const TrialInfo& trial);
/// With the spikes.
nlohmann::json to_json(const RasterLayer& layer);

struct InspectOptions {
  std::vector<std::string> populations = {};  ///< empty: all
  std::optional<std::uint64_t> trial = {};    ///< this trial's spikes, and what else is asked for below
  std::vector<std::string> curve = {};        ///< columns of /metrics; empty: those found, but with no trial
  std::size_t width = 100;                    ///< characters
  Glyphs glyphs = Glyphs::unicode;
};

/// Everything above about one file: tree, populations and learning curve; or the chosen trial, with the
/// curves that are named.
std::string inspect_text(const h5::File& file, const InspectOptions& options);
nlohmann::json inspect_json(const h5::File& file, const InspectOptions& options);

}  // namespace shallows
