#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <sstream>

#include "experiments/config/suggest.hpp"
#include "experiments/study/study.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_study(const std::string& message) { throw Error(ErrorKind::configuration, message); }

toml::table parse_file(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    refuse_study(
        fmt::format("can't read study '{}' ({}); 'shallows list studies' names those that come with the "
                    "program",
                    path, fs::exists(path, ignored) ? "it is no file" : "there is no such file"));
  }
  try {
    return toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    refuse_study(fmt::format("can't read '{}' as TOML (line {}: {}); correct that line", path,
                             error.source().begin.line, error.description()));
  }
}

/// A file, and where in it.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  [[noreturn]] void refuse(const toml::node& node, const std::string& what,
                           const std::string& suggestion) const {
    refuse_study(fmt::format("{} (line {} of {}); {}", what, node.source().begin.line, path_, suggestion));
  }

  /// Refuses all keys but the known ones.
  void require_known(const toml::table& table, std::span<const std::string> known) const {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto nearest = nearest_name(name, known);
      refuse(node, fmt::format("unknown key '{}' of a study", name),
             nearest ? fmt::format("did you mean '{}'?", *nearest)
                     : fmt::format("settings of networks stand in 'settings', for example settings.{} = ...",
                                   name));
    }
  }

  const toml::table& table(const toml::node& node) const {
    if (const toml::table* found = node.as_table()) return *found;
    refuse(node, "this is to be a table", "write keys below it");
  }

  const toml::array& array(const toml::node& node) const {
    if (const toml::array* found = node.as_array()) return *found;
    refuse(node, "this is to be a list", "write it in [ ]");
  }

  std::string text(const toml::node& node) const {
    if (const auto found = node.value_exact<std::string>()) return *found;
    refuse(node, "this is to be text", "write it in quotes");
  }

  std::vector<std::string> texts(const toml::node& node) const {
    std::vector<std::string> found;
    for (const toml::node& item : array(node)) found.push_back(text(item));
    return found;
  }

  static std::string value(const toml::node& node) {
    std::ostringstream stream;
    node.visit([&stream](const auto& item) { stream << item; });
    return stream.str();
  }

  /// The values below a table, by dotted key; `use` gets key and node.
  template <class Use>
  void for_each_value(const toml::table& from, const std::string& prefix, Use&& use) const {
    for (const auto& [key, node] : from) {
      const std::string name = prefix + std::string(key.str());
      if (const toml::table* child = node.as_table()) {
        for_each_value(*child, name + ".", use);
      } else {
        use(name, node);
      }
    }
  }

  void add_settings(const toml::node& node, Settings& settings) const {
    for_each_value(table(node), "", [&](const std::string& key, const toml::node& item) {
      settings.push_back(key + "=" + value(item));
    });
  }

  /// "settings" and "columns".
  void read_settings(const toml::table& from, StudySettings& block) const {
    if (const toml::node* settings = from.get("settings")) add_settings(*settings, block.settings);
    if (const toml::node* columns = from.get("columns"); columns != nullptr && columns->is_table()) {
      for (const auto& [name, settings] : *columns->as_table())
        add_settings(settings, block.columns[std::string(name.str())]);
    }
  }

  void read_block(const toml::table& from, StudyBlock& block) const {
    read_settings(from, block);
    const toml::node* scales = from.get("scales");
    if (scales == nullptr) return;
    static const std::array<std::string, 2> known = {"settings", "columns"};
    for (const auto& [name, node] : table(*scales)) {
      require_known(table(node), known);
      read_settings(table(node), block.scales[std::string(name.str())]);
    }
  }

  /// In the order of the file, which toml++ does not keep.
  static std::vector<std::string> names_in_order(const toml::table& from) {
    std::vector<std::pair<toml::source_index, std::string>> names;
    for (const auto& [name, node] : from) names.emplace_back(node.source().begin.line, name.str());
    std::stable_sort(names.begin(), names.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> ordered;
    for (auto& [line, name] : names) ordered.push_back(std::move(name));
    return ordered;
  }

  /// Returns its name.
  std::string read_row(const toml::table& from, Study& study) const {
    static const std::array<std::string, 8> known = {"name",      "config",   "groups",  "bank_of",
                                                     "published", "settings", "columns", "scales"};
    require_known(from, known);
    const toml::node* name = from.get("name");
    if (name == nullptr) refuse(from, "this row has no name", "give it one, name = \"...\"");
    const std::string row_name = text(*name);
    auto row = std::find_if(study.rows.begin(), study.rows.end(),
                            [&](const StudyRow& other) { return other.name == row_name; });
    if (row == study.rows.end()) {
      row = study.rows.insert(row, StudyRow{});
      row->name = row_name;
    }
    if (const toml::node* node = from.get("config")) row->config = text(*node);
    if (const toml::node* node = from.get("groups")) row->groups = texts(*node);
    if (const toml::node* node = from.get("bank_of")) row->bank_of = text(*node);
    if (const toml::node* node = from.get("published")) {
      row->published = node->value<double>();
      if (!row->published) refuse(*node, "this is to be a number, in percent", "write for example 98.9");
    }
    read_block(from, *row);
    return row_name;
  }

  Sweep read_sweep(const toml::table& from) const {
    Sweep sweep;
    for_each_value(from, "", [&](const std::string& key, const toml::node& node) {
      SweepAxis axis{.key = key, .values = {}};
      for (const toml::node& item : array(node)) axis.values.push_back(value(item));
      if (axis.values.empty()) refuse(node, fmt::format("'{}' has no values", key), "give some");
      sweep.push_back(std::move(axis));
    });
    if (sweep.empty())
      refuse(from, "this sweep varies nothing", "give a key its values, hidden.size = [100, 1000]");
    return sweep;
  }

 private:
  std::string path_;
};

/// `columns` collects the names that a block may use: those of the studies that this one extends, too.
void read_into(const std::string& path, Study& study, std::set<std::string>& columns, int depth) {
  const toml::table root = parse_file(path);
  const Reader reader(path);
  static const std::array<std::string, 11> known = {"extends", "title",    "about",  "seeds",
                                                    "columns", "settings", "scales", "groups",
                                                    "row",     "sweep",    "only"};
  reader.require_known(root, known);
  if (const toml::node* node = root.get("extends")) {
    if (depth == 8) reader.refuse(*node, "studies extend each other in a circle", "end it somewhere");
    fs::path other = fs::path(path).parent_path() / reader.text(*node);
    if (other.extension() != ".toml") other += ".toml";
    read_into(other.string(), study, columns, depth + 1);
  }
  if (const toml::node* node = root.get("only")) {
    const std::vector<std::string> only = reader.texts(*node);
    std::erase_if(study.rows,
                  [&](const StudyRow& row) { return std::ranges::find(only, row.name) == only.end(); });
  }
  if (const toml::node* node = root.get("title")) study.title = reader.text(*node);
  if (const toml::node* node = root.get("about")) study.about = reader.text(*node);
  if (const toml::node* node = root.get("seeds")) {
    study.seeds.clear();
    for (const toml::node& seed : reader.array(*node)) {
      const auto number = seed.value_exact<std::int64_t>();
      if (!number || *number < 0)
        reader.refuse(seed, "a seed is a whole number from 0", "write for example [1, 2]");
      study.seeds.push_back(static_cast<std::uint64_t>(*number));
    }
  }
  // A list names the columns, tables are their settings.
  if (const toml::node* node = root.get("columns"); node != nullptr && node->is_array())
    study.columns = reader.texts(*node);
  columns.insert(study.columns.begin(), study.columns.end());
  reader.read_block(root, study);
  if (const toml::node* node = root.get("scales")) {
    for (std::string& name : Reader::names_in_order(reader.table(*node))) {
      if (std::ranges::find(study.scale_names, name) == study.scale_names.end())
        study.scale_names.push_back(std::move(name));
    }
  }
  if (const toml::node* node = root.get("groups")) {
    static const std::array<std::string, 3> block = {"settings", "columns", "scales"};
    for (const auto& [name, group] : reader.table(*node)) {
      reader.require_known(reader.table(group), block);
      reader.read_block(reader.table(group), study.groups[std::string(name.str())]);
    }
  }
  if (const toml::node* node = root.get("row")) {
    std::set<std::string> names;
    for (const toml::node& row : reader.array(*node)) {
      const std::string name = reader.read_row(reader.table(row), study);
      if (!names.insert(name).second)
        reader.refuse(row, fmt::format("there are two rows '{}'", name), "give one another name");
    }
  }
  if (const toml::node* node = root.get("sweep")) {
    for (const toml::node& sweep : reader.array(*node))
      study.sweeps.push_back(reader.read_sweep(reader.table(sweep)));
  }
}

/// Throws Error (configuration) for settings of a column or scale that there is none of: they would be lost.
void require_known_names(const Study& study, const std::set<std::string>& columns) {
  const std::vector<std::string> known(columns.begin(), columns.end());
  const auto require = [](const auto& used, const char* what, const std::vector<std::string>& names,
                          const std::string& where) {
    for (const auto& [name, settings] : used) {
      if (std::ranges::find(names, name) == names.end()) refuse_study(unknown_name(what, name, where, names));
    }
  };
  const auto check = [&](const StudyBlock& block, const std::string& where) {
    require(block.columns, "column", known, where);
    require(block.scales, "scale", study.scale_names, where);
    for (const auto& [name, scale] : block.scales) require(scale.columns, "column", known, where);
  };
  check(study, study.name);
  for (const auto& [name, group] : study.groups) check(group, "group '" + name + "'");
  for (const StudyRow& row : study.rows) check(row, "row '" + row.name + "'");
}

}  // namespace

Study read_study(const std::string& path) {
  Study study;
  std::set<std::string> columns;
  read_into(path, study, columns, 0);
  study.name = fs::path(path).stem().string();
  if (study.title.empty()) study.title = study.name;
  if (study.rows.empty())
    refuse_study(fmt::format("'{}' has no rows (a study trains something); add [[row]] tables", path));
  if (study.seeds.empty() || study.columns.empty())
    refuse_study(fmt::format("'{}' has no seeds or no columns; leave the empty list out", path));
  require_known_names(study, columns);
  return study;
}

bool is_study(const std::string& path) {
  const toml::table root = parse_file(path);
  return root.contains("row") || root.contains("extends");
}

}  // namespace shallows
