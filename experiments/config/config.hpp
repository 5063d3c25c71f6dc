// The settings of one run: everything that its results depend on, and nothing else (threads, file names and
// the like are options of the program).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/complex_cells.hpp"
#include "encoders/layers/upper_layers.hpp"
#include "models/banks/banks.hpp"
#include "models/networks/networks.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

enum class MeanSource { training, own_mean_test, none };
enum class Sampling { shuffled, with_replacement };
enum class RecordPhase { train, test, both };

struct DatasetConfig {
  std::string name = "mnist";
  std::string directory;  ///< empty: $SHALLOWS_DATA/<name>; without that variable data/<name>
  std::string images;     ///< a user's own IDX files; empty: the standard names in the directory
  std::string labels;
  std::string test_images;
  std::string test_labels;
  std::uint64_t validation = 0;  ///< training images held out, from the end
  std::string classes;           ///< labels with commas: only their images; empty: all
  MeanSource mean = MeanSource::training;

  static Fields<DatasetConfig> fields();
};

/// The first hidden layer: its bank, the bank's shape, and what pools its fields.
struct HiddenConfig : BankShape {
  BankChoice bank = GaborParams{};
  ComplexCells cells = {};

  static Fields<HiddenConfig> fields();
};

struct TrainingConfig {
  double epochs = 1.0;
  double learning_rate = 0.0;        ///< resolved from the model where the file is silent
  double learning_rate_decay = 1.0;  ///< the rate falls geometrically by this factor over the training
  Sampling sampling = Sampling::shuffled;

  static Fields<TrainingConfig> fields();
};

inline constexpr std::uint64_t kAllTrials = std::numeric_limits<std::uint64_t>::max();

struct RecordConfig {
  std::vector<std::string> populations = {"input", "hidden", "readout"};
  RecordPhase phase = RecordPhase::test;
  std::uint64_t first = 0;  ///< trials first, first + step, ... below last, counted within their phase
  std::uint64_t last = 10;  ///< kAllTrials: no end
  std::uint64_t step = 1;
  std::uint64_t deflate = 4;  ///< compression of the spikes in the run file, 0 (none) to 9

  static Fields<RecordConfig> fields();
};

struct Config {
  std::string name;
  std::uint64_t seed = 1;
  NetworkChoice network;  ///< spiking by default
  DatasetConfig dataset;
  HiddenConfig hidden;
  std::array<UpperLayer, kMostUpperLayers> upper = {};  ///< hidden layers 2, 3, ...; the first none ends them
  TrainingConfig training;
  std::uint64_t test_images = 0;  ///< 0: all
  RecordConfig record;

  const SpikingParams* spiking() const { return std::get_if<SpikingParams>(&network); }
  const RateParams* rate() const { return std::get_if<RateParams>(&network); }
  const MemoryParams* memory() const { return std::get_if<MemoryParams>(&network); }

  /// All keys of a configuration, by their dotted names, with the conditions under which they mean something.
  static Fields<Config> fields();
};

/// The populations whose spikes a network of this configuration has, in its order: input, simple (cells that
/// a hidden layer of complex cells pools), hidden, hidden2, ..., readout. None of a network without spikes.
std::vector<std::string> population_names(const Config& config);

/// "key=value" texts, each with what gives it, for messages.
struct Overrides {
  struct Override {
    std::string text;
    std::string giver;
  };
  Overrides() = default;
  Overrides(const std::vector<std::string>& texts) { add(texts, "--set"); }

  void add(const std::vector<std::string>& texts, const std::string& giver) {
    for (const std::string& text : texts) list.push_back({text, giver});
  }

  std::vector<Override> list;
};

/// Reads TOML text, applies "key=value" overrides in order, resolves what depends on the model and validates.
/// `source` names the text in messages; its stem is the run's name where the text gives none. The value of an
/// override is TOML; what is no TOML, or no string where one is due, is taken as text (a list: separated by
/// commas). Throws Error (configuration) for broken TOML, unknown and ill-typed keys, keys that do not apply
/// to the model, values out of range and values that contradict each other.
///
/// An override may choose another model, bank or rule. Keys of the text that meant something to the choice of
/// the text and mean nothing to the new one are passed over; `passed_over` receives a line that names them.
Config parse_config(std::string_view toml, std::string_view source, const Overrides& overrides,
                    std::string* passed_over = nullptr);
Config read_config(const std::string& path, const Overrides& overrides, std::string* passed_over = nullptr);

/// Throws Error (configuration) if a value is out of range or contradicts another one: for a Config that was
/// changed after parsing. `source` names it in the message.
void validate(const Config& config, std::string_view source);

/// What makes a hidden layer impossible, or impossible for these images (null: not known yet), by its keys.
std::optional<Problem> problem_of_hidden_layers(const Config& config, const ImageShape* images);

/// The effective configuration as TOML that parse_config reads back to the same value. With Comments::yes
/// every key is preceded by its meaning, unit and range.
enum class Comments { no, yes };
std::string to_toml(const Config& config, Comments comments);

/// The keys whose values differ, as "key: a -> b", leaving out those that can't change what is learned (name,
/// record.*, test.* and what concerns test presentations only): what a resumed run must have in common with
/// its checkpoint.
std::vector<std::string> training_differences(const Config& a, const Config& b);
/// The same of all keys but the name: what a run file must have in common with a run to be taken for it.
std::vector<std::string> run_differences(const Config& a, const Config& b);

/// Parses the value of --record: POPULATIONS[@[PHASE:]TRIALS], POPULATIONS@PHASE, "all" or "none".
/// POPULATIONS is a list with commas, or "all"; PHASE is train, test (the default) or both; TRIALS is
/// FIRST:LAST[:STEP], where LAST may be "end", or one number. Plain "all" is "all@both:0:end"; a phase alone
/// is all of its trials; without "@..." it is the first 10 test trials. `all` are the populations of the
/// network. Throws Error (configuration).
RecordConfig parse_record(std::string_view text, const std::vector<std::string>& all);

/// Puts the value of --record, if there is one, into the configuration. For a model without populations "all"
/// and "none" choose trials only; throws Error (configuration) if a population of it is named.
void apply_record(std::string_view text, Config& config);

}  // namespace shallows
