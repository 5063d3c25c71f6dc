// The settings that a TOML text and "key=value" overrides give, before they are applied to a Config.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/config_schema.hpp"

namespace shallows {

class ConfigSettings {
 public:
  /// Throws Error (configuration) for broken TOML, unknown keys and overrides that are not "key=value".
  ConfigSettings(std::string_view toml, std::string_view source, const Overrides& overrides);
  ~ConfigSettings();
  ConfigSettings(const ConfigSettings&) = delete;
  ConfigSettings& operator=(const ConfigSettings&) = delete;

  /// The choices of the text alone, without overrides.
  using OfText = std::function<const Config&()>;

  /// Sets this key of `config` if it is given and means something there; throws Error (configuration) for an
  /// ill-typed or invalid value.
  void apply(std::string_view name, Config& config, const OfText& of_text) const;

  /// Sets all keys that are given; throws also for one that means nothing in `config`. But a key of the text
  /// is passed over, and returned, that means something to the choices of the text and nothing, or something
  /// else, to those of the overrides.
  std::vector<std::string> apply_all(Config& config, const OfText& of_text) const;

 private:
  struct Setting;

  void add_override(const std::string& text, const std::string& giver);
  void add(Setting setting);
  static std::optional<ConfigValue> value_of(const Setting& setting, const ConfigKey& key);
  static void apply_to(const Setting& setting, const ConfigKey& key, Config& config);
  static bool is_moot(const Setting& setting, const Config& config, const OfText& of_text);

  std::vector<Setting> settings_;
};

/// Splits at commas, dropping spaces around the items and empty items.
std::vector<std::string> split_list(std::string_view text);

/// Throws the Error (configuration) for a value that does not pass, with what is allowed and `where` it was
/// given.
[[noreturn]] void refuse_value(const ConfigKey& key, const ValueProblem& problem, std::string_view where);

}  // namespace shallows
