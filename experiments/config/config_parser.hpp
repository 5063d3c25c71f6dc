// The settings that a TOML text and "key=value" overrides give, before they are applied to a Config.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/config_schema.hpp"

namespace shallows {

class ConfigSettings {
 public:
  /// Throws Error (configuration) for broken TOML, unknown keys and overrides that are not "key=value".
  ConfigSettings(std::string_view toml, std::string_view source, std::span<const std::string> overrides);
  ~ConfigSettings();
  ConfigSettings(const ConfigSettings&) = delete;
  ConfigSettings& operator=(const ConfigSettings&) = delete;

  /// Sets this key of `config` if it is given; throws Error (configuration) for an ill-typed or invalid
  /// value.
  void apply(std::string_view name, Config& config) const;

  /// Whether an override gives this key.
  bool overrides(std::string_view name) const;

  /// Sets all keys that are given; throws also for one that does not apply to the model and bank of `config`.
  /// But a key of the text is passed over that applies to those of `without_overrides()`, and is returned.
  std::vector<std::string> apply_all(Config& config, const std::function<Config()>& without_overrides) const;

 private:
  struct Setting;

  void add_override(const std::string& text);
  void add(Setting setting);
  static void apply_to(const Setting& setting, Config& config);

  std::vector<Setting> settings_;
};

/// Splits at commas, dropping spaces around the items and empty items.
std::vector<std::string> split_list(std::string_view text);

/// Throws the Error (configuration) for a value that does not pass, with what is allowed and `where` it was
/// given.
[[noreturn]] void refuse_value(const ConfigKey& key, const ValueProblem& problem, std::string_view where);

}  // namespace shallows
