#include "experiments/config/config_parser.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "experiments/config/suggest.hpp"
#include "sim/core/error.hpp"

namespace shallows {

struct ConfigSettings::Setting {
  std::string name;
  std::string where;  ///< for messages: "line 7 of x.toml"
  std::size_t line = 0;
  std::shared_ptr<const toml::table> owner;  ///< keeps `node` alive
  const toml::node* node = nullptr;          ///< null: an override that is not TOML
  std::optional<std::string> text;           ///< an override as it was typed
};

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::configuration, message); }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_section(const std::string& name) {
  const auto keys = config_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfigKey& key) { return key.name.starts_with(name + '.'); });
}

/// Throws Error (configuration) for a name that no key has.
void require_known(const std::string& name, const std::string& where) {
  if (find_config_key(name) != nullptr) return;
  if (is_section(name)) {
    const auto keys = config_keys();
    const auto example = std::find_if(keys.begin(), keys.end(),
                                      [&](const ConfigKey& key) { return key.name.starts_with(name + '.'); });
    refuse(fmt::format("'{}' is a section, not a key ({}); set its keys, for example '{}'", name, where,
                       example->name));
  }
  const auto nearest = nearest_name(name, config_key_names());
  refuse(fmt::format("unknown key '{}' ({}); {}", name, where,
                     nearest ? fmt::format("did you mean '{}'?", *nearest)
                             : "'shallows config' prints the keys of a configuration"));
}

std::shared_ptr<const toml::table> parse_toml(std::string_view text, std::string_view source) {
  try {
    return std::make_shared<const toml::table>(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    refuse(fmt::format("can't read '{}' as TOML (line {}, column {}: {}); correct that line", source, at.line,
                       at.column, error.description()));
  }
}

/// The single value that `text` is in TOML; null if it is none.
std::shared_ptr<const toml::table> parse_value(const std::string& text) {
  try {
    auto table = std::make_shared<const toml::table>(toml::parse("value = " + text));
    return table->size() == 1 && table->get("value") != nullptr ? table : nullptr;
  } catch (const toml::parse_error&) {
    return nullptr;
  }
}

std::string shown(const toml::node& node) {
  if (node.is_table()) return "{...}";
  if (node.is_array()) return "[...]";
  if (const auto text = node.value_exact<std::string>()) return to_toml(ConfigValue(*text));
  std::ostringstream stream;
  node.visit([&stream](const auto& value) { stream << value; });
  return stream.str();
}

std::optional<std::vector<std::string>> strings(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> items;
  for (const toml::node& item : *array) {
    const auto text = item.value_exact<std::string>();
    if (!text) return std::nullopt;
    items.push_back(*text);
  }
  return items;
}

template <typename T, typename Source>
std::optional<ConfigValue> wrap(const std::optional<Source>& value) {
  return value ? std::optional(ConfigValue(T(*value))) : std::nullopt;
}

/// The value in the type of the key's domain; empty if it is of another type.
std::optional<ConfigValue> convert(const toml::node& node, const Domain& domain) {
  if (std::holds_alternative<SwitchDomain>(domain)) return wrap<bool>(node.value_exact<bool>());
  if (std::holds_alternative<CountDomain>(domain)) {
    const auto count = node.value_exact<std::int64_t>();
    return count && *count >= 0 ? std::optional(ConfigValue(static_cast<std::uint64_t>(*count)))
                                : std::nullopt;
  }
  if (std::holds_alternative<RealDomain>(domain)) {
    if (const auto whole = node.value_exact<std::int64_t>()) return ConfigValue(static_cast<double>(*whole));
    return wrap<double>(node.value_exact<double>());
  }
  if (std::holds_alternative<ListDomain>(domain)) return wrap<std::vector<std::string>>(strings(node));
  return wrap<std::string>(node.value_exact<std::string>());
}

bool is_textual(const Domain& domain) {
  return std::holds_alternative<TextDomain>(domain) || std::holds_alternative<ChoiceDomain>(domain) ||
         std::holds_alternative<FormDomain>(domain);
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return items;
}

void refuse_value(const ConfigKey& key, const ValueProblem& problem, std::string_view where) {
  const std::string unit = key.unit.empty() ? "" : fmt::format(" [{}]", key.unit);
  const std::string allowed = describe(key.domain);
  refuse(fmt::format("{} ({}; allowed: {}{}); {}", problem.problem, where, allowed.empty() ? "text" : allowed,
                     unit, problem.suggestion.empty() ? "choose an allowed value" : problem.suggestion));
}

ConfigSettings::ConfigSettings(std::string_view toml, std::string_view source, const Overrides& overrides) {
  const auto root = parse_toml(toml, source);
  const auto flatten = [&](const auto& self, const toml::table& table, const std::string& prefix) -> void {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      // [[hidden]]: the first table is the section itself, the others are numbered from 2 on.
      const toml::array* layers = name == "hidden" ? node.as_array() : nullptr;
      if (layers != nullptr && layers->is_homogeneous<toml::table>()) {
        if (layers->size() > 1 + kMostUpperLayers) {
          refuse(
              fmt::format("{} has {} [[hidden]] tables (a network has {} hidden layers at most); leave some "
                          "out",
                          source, layers->size(), 1 + kMostUpperLayers));
        }
        for (std::size_t l = 0; l < layers->size(); ++l) {
          const toml::table& layer = *layers->get_as<toml::table>(l);
          if (l > 0 && !layer.contains("kind")) {
            refuse(
                fmt::format("hidden layer {} has no kind (line {} of {}); give one, for example kind = "
                            "\"random\"",
                            l + 1, layer.source().begin.line, source));
          }
          self(self, layer, l == 0 ? "hidden." : fmt::format("hidden.{}.", l + 1));
        }
        continue;
      }
      const toml::table* child = node.as_table();
      const bool descend = child != nullptr && find_config_key(name) == nullptr;
      if (descend && (is_section(name) || !child->empty())) {
        self(self, *child, name + '.');
        continue;
      }
      const std::size_t line = node.source().begin.line;
      Setting setting{name, fmt::format("line {} of {}", line, source), line, root, &node, std::nullopt};
      settings_.push_back(std::move(setting));
    }
  };
  flatten(flatten, *root, "");
  // toml++ sorts by name; messages should be about the first wrong line.
  std::stable_sort(settings_.begin(), settings_.end(),
                   [](const Setting& a, const Setting& b) { return a.line < b.line; });
  for (auto setting = settings_.begin(); setting != settings_.end(); ++setting) {
    require_known(setting->name, setting->where);
    // TOML itself refuses a key given twice, but not  "a.b" = 1  beside  a.b = 1.
    if (std::any_of(settings_.begin(), setting,
                    [&](const Setting& other) { return other.name == setting->name; })) {
      refuse(fmt::format("'{}' is given twice (again in {}); remove one", setting->name, setting->where));
    }
  }
  for (const auto& [text, giver] : overrides.list) add_override(text, giver);
}

ConfigSettings::~ConfigSettings() = default;

void ConfigSettings::add_override(const std::string& text, const std::string& giver) {
  const std::string where = fmt::format("{} {}", giver, text);
  const std::size_t equals = text.find('=');
  const std::string name(trimmed(std::string_view(text).substr(0, equals)));
  if (equals == std::string::npos || name.empty()) {
    refuse(
        fmt::format("can't use {0} '{1}' (it is not of the form key=value); write for example "
                    "{0} hidden.size=1000",
                    giver, text));
  }
  require_known(name, where);
  Setting setting{name, where, 0, nullptr, nullptr, std::nullopt};
  setting.text = std::string(trimmed(std::string_view(text).substr(equals + 1)));
  setting.owner = parse_value(*setting.text);
  if (setting.owner) {
    setting.node = setting.owner->get("value");
  } else if (setting.text->find_first_of("\"'[{") == 0) {
    refuse(
        fmt::format("can't read '{}' as TOML ({} {}); close its quotes and brackets, and mind that the shell "
                    "removes quotes",
                    *setting.text, giver, name));
  }
  add(std::move(setting));
}

void ConfigSettings::add(Setting setting) {
  std::erase_if(settings_, [&](const Setting& other) { return other.name == setting.name; });
  settings_.push_back(std::move(setting));
}

/// The value in the type of the key's domain; empty if it is of another type.
std::optional<ConfigValue> ConfigSettings::value_of(const Setting& setting, const ConfigKey& key) {
  const bool bare_list = setting.text && std::holds_alternative<ListDomain>(key.domain);
  if (setting.text && is_textual(key.domain) && (setting.node == nullptr || !setting.node->is_string()))
    return *setting.text;
  if (bare_list && (setting.node == nullptr || !setting.node->is_array())) {
    const auto text = setting.node == nullptr ? std::nullopt : setting.node->value_exact<std::string>();
    return split_list(text.value_or(*setting.text));
  }
  return setting.node != nullptr ? convert(*setting.node, key.domain) : std::nullopt;
}

void ConfigSettings::apply_to(const Setting& setting, const ConfigKey& key, Config& config) {
  const std::optional<ConfigValue> value = value_of(setting, key);
  const std::string default_value = to_toml(key.read(config));
  const auto refuse_this = [&](ValueProblem problem) {
    if (problem.suggestion.empty()) {
      const auto* names = std::get_if<ChoiceDomain>(&key.domain);
      problem.suggestion = names == nullptr ? fmt::format("the default is {}", default_value)
                           : names->names.size() == 1
                               ? fmt::format("choose {}", default_value)
                               : fmt::format("choose {}, the default, or another one", default_value);
    }
    refuse_value(key, problem, setting.where);
  };
  if (!value) {
    const std::string given = setting.node != nullptr ? shown(*setting.node) : *setting.text;
    refuse_this({fmt::format("{} = {} does not fit", key.name, given), ""});
  } else if (auto problem = value_problem(key, *value)) {
    refuse_this(std::move(*problem));
  } else {
    key.write(config, *value);
  }
}

bool ConfigSettings::is_moot(const Setting& setting, const Config& config, const OfText& of_text) {
  if (setting.text) return false;
  const ConfigKey* key = applicable_key(setting.name, config);
  if (key == nullptr) return applicable_key(setting.name, of_text()) != nullptr;
  const std::optional<ConfigValue> value = value_of(setting, *key);
  if (value && !value_problem(*key, *value)) return false;
  const ConfigKey* meant = applicable_key(setting.name, of_text());
  return meant != nullptr && meant != key;
}

void ConfigSettings::apply(std::string_view name, Config& config, const OfText& of_text) const {
  for (const Setting& setting : settings_) {
    if (setting.name != name || is_moot(setting, config, of_text)) continue;
    if (const ConfigKey* key = applicable_key(name, config)) apply_to(setting, *key, config);
  }
}

std::vector<std::string> ConfigSettings::apply_all(Config& config, const OfText& of_text) const {
  std::vector<std::string> passed_over;
  for (const Setting& setting : settings_) {
    const ConfigKey* key = applicable_key(setting.name, config);
    if (is_moot(setting, config, of_text)) {
      passed_over.push_back(setting.name);
    } else if (key != nullptr) {
      apply_to(setting, *key, config);
    } else {
      refuse(fmt::format("'{}' has no meaning here ({}; {}); remove it", setting.name, setting.where,
                         why_not_applicable(*find_config_key(setting.name), config)));
    }
  }
  return passed_over;
}

}  // namespace shallows
