#include "experiments/program/options.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "experiments/config/number_in.hpp"

namespace shallows {

CLI::Option* add_configuration(CLI::App& command, std::string& config) {
  return command
      .add_option("config", config, "Configuration: a TOML file, or a name of 'shallows list configs'")
      ->type_name("CONFIG.toml");
}

void add_set(CLI::App& command, std::vector<std::string>& overrides) {
  command
      .add_option("--set", overrides,
                  "Override a configuration key, e.g. --set hidden.size=1000; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_threads(CLI::App& command, std::uint64_t& threads) {
  command
      .add_option("--threads", threads, "Threads to use (default: all cores; results do not depend on it)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
}

void add_run_options(CLI::App& command, RunOptions& options) {
  add_set(command, options.overrides);
  command
      .add_option("--record", options.record,
                  "Spikes to record: POPULATIONS[@[PHASE:]FIRST:LAST[:STEP]], all or none; "
                  "e.g. hidden,readout@test:0:100, all@both or readout@5")
      ->type_name("WHAT");
  add_threads(command, options.threads);
  command.add_flag("--json", options.json, "Print one JSON object on stdout instead of text");
  command.add_flag("-q,--quiet", options.quiet, "No progress on stderr");
}

void add_force(CLI::App& command, bool& force) {
  command.add_flag("--force", force,
                   "Replace a finished file of other settings or data, which is kept as FILE.bak");
}

void add_allow_seen(CLI::App& command, bool& allow) {
  command.add_flag("--allow-seen-images", allow,
                   "Judge by images that the network or its bank has learned from, with a warning");
}

CLI::Validator whole_number_from(std::uint64_t lowest) {
  return CLI::Validator(
      [lowest](const std::string& text) -> std::string {
        const auto value = number_in<std::int64_t>(text);
        if (value && *value >= 0 && static_cast<std::uint64_t>(*value) >= lowest) return {};
        return fmt::format("'{}' is no whole number from {} to {}", text, lowest,
                           std::numeric_limits<std::int64_t>::max());
      },
      "");
}

CLI::Validator positive_number() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        const auto value = number_in<double>(text);
        if (value && std::isfinite(*value) && *value > 0.0) return {};
        return fmt::format("'{}' is no number above 0", text);
      },
      "");
}

}  // namespace shallows
