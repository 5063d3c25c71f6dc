// The table of configuration keys. Reading, checking, overriding, printing and comparing configurations all
// follow from it; to add a key is to add a row.
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

namespace shallows {

using ConfigValue = std::variant<bool, std::uint64_t, double, std::string, std::vector<std::string>>;

struct SwitchDomain {};
struct CountDomain {
  std::uint64_t lowest;
  std::uint64_t highest;
};
enum class LowerBound { included, excluded };
struct RealDomain {
  double lowest;
  double highest;
  LowerBound bound = LowerBound::included;
};
enum class EmptyText { allowed, refused };
struct TextDomain {
  EmptyText empty = EmptyText::allowed;
};
struct ChoiceDomain {
  std::string what;  ///< what a choice is called in messages, e.g. "rule"
  std::vector<std::string> names;
};
/// Names without repetition, possibly none.
struct ListDomain {
  std::string what;
  std::vector<std::string> names;
};
struct TrialsDomain {};  ///< "FIRST:LAST[:STEP]"
using Domain =
    std::variant<SwitchDomain, CountDomain, RealDomain, TextDomain, ChoiceDomain, ListDomain, TrialsDomain>;

/// The configurations that a key means something to.
enum class KeyScope {
  any,
  spiking,
  rate,
  memory,
  readout,  ///< a model with a trained readout: spiking or rate
  hidden_layer,
  random_bank,
  gabor_bank,
  rate_hidden_layer,
  memory_hidden_layer,
  learned_bank,   ///< pca, ica, sparse
  measured_bank,  ///< these and file: scaled by what is measured
  pca_bank,
  ica_bank,
  sparse_bank,
  online_bank,      ///< learned by an online rule
  inhibiting_bank,  ///< sparse, of a rate network, and does not learn in place
  learning_bank,    ///< of a rate network, learns in place
  feedback_alignment,
};

/// Whether a key can change what is learned.
enum class KeyRole { learning, evaluation };

struct ConfigKey {
  std::string name;  ///< dotted
  std::string unit;  ///< empty for a pure number or a name
  std::string meaning;
  Domain domain;
  KeyScope scope;
  KeyRole role;
  std::function<ConfigValue(const Config&)> read;
  /// The value must have passed value_problem().
  std::function<void(Config&, const ConfigValue&)> write;
};

/// All keys, those of one section together, the ones without a section first.
std::span<const ConfigKey> config_keys();
const ConfigKey* find_config_key(std::string_view name);
std::vector<std::string> config_key_names();

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
