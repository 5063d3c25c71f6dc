// The keys of a configuration: the fields of what it is made of, each beside its Params. Reading, checking,
// overriding, printing and comparing configurations all follow from them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "experiments/config/config.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

using ConfigValue = FieldValue;
using ConfigKey = Field<Config>;

/// All keys, those of one section together, the ones without a section first. Several may have one name, of
/// which at most one means something in a configuration: a key belongs to what is chosen.
std::span<const ConfigKey> config_keys();
/// The key of that name, of several the first; null if there is none.
const ConfigKey* find_config_key(std::string_view name);
/// The one of that name that means something in this configuration; null if none does.
const ConfigKey* applicable_key(std::string_view name, const Config& config);
std::vector<std::string> config_key_names();
/// What is before the last dot of a key's name; empty if it has none.
std::string section_of(const std::string& key);
/// The keys that others depend on: what must be read first, in this order.
std::vector<std::string> choosing_keys();

/// Empty if the key means something in this configuration, else the reason, e.g. "model is \"rate\"".
std::string why_not_applicable(const ConfigKey& key, const Config& config);

/// The allowed values in words: "> 0, at most 1000000"; "true or false"; empty if every text is.
std::string describe(const Domain& domain);

/// What is wrong with a value, if anything.
struct ValueProblem {
  std::string problem;     ///< "hidden.size = 0 is out of range"
  std::string suggestion;  ///< may be empty
};
std::optional<ValueProblem> value_problem(const ConfigKey& key, const ConfigValue& value);

/// The value as TOML. A double reads back to the same bits.
std::string to_toml(const ConfigValue& value);

/// "FIRST:LAST[:STEP]" into first, last and step of `record`; false if the text is not of that form or holds
/// no trial.
bool parse_trials(std::string_view text, RecordConfig& record);
std::string format_trials(const RecordConfig& record);

}  // namespace shallows
