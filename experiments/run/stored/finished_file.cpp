#include "experiments/run/stored/finished_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "experiments/run/stored/data_record.hpp"
#include "output/file/output_claim.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

/// Why the file is not what is asked for; empty if it is.
std::vector<std::string> reasons_against(const std::string& path, FileKind kind, const Config& config,
                                         const Dataset& dataset, const Provenance& provenance) {
  try {
    const RunReader reader(path);
    if (reader.kind() != kind)
      return {fmt::format("kind: {} -> {}", to_string(reader.kind()), to_string(kind))};
    return differences_of(reader, config, dataset, provenance);
  } catch (const Error& error) {
    return {fmt::format("what it holds can't be told: {}", error.what())};
  }
}

}  // namespace

std::vector<std::string> differences_of(const RunReader& reader, const Config& config, const Dataset& dataset,
                                        const Provenance& provenance) {
  const Provenance stored = reader.provenance();
  std::vector<std::string> differences =
      run_differences(parse_config(stored.config, reader.path(), {}), config);
  const DataRecord record = read_data(reader);
  for (const std::string& text : {train_difference(record, dataset), test_difference(record, dataset)}) {
    if (!text.empty()) differences.push_back(text);
  }
  const auto compare = [&](const char* what, const std::string& there, const std::string& here) {
    const auto text = [](const std::string& origin) { return origin.empty() ? "none" : origin; };
    if (there != here) differences.push_back(fmt::format("{}: {} -> {}", what, text(there), text(here)));
  };
  compare("--bank", stored.bank, provenance.bank);
  compare("--from", stored.from, provenance.from);
  return differences;
}

Existing look_at_existing(const std::string& path, FileKind kind, const Config& config,
                          const Dataset& dataset, const Provenance& provenance, Replace replace) {
  if (!std::filesystem::exists(path)) return {};
  if (replace == Replace::yes) return {.backup = keep_as_backup(path)};
  const auto differences = reasons_against(path, kind, config, dataset, provenance);
  if (!differences.empty())
    refuse_to_replace(path, fmt::format("differs in:\n  {}\n", fmt::join(differences, "\n  ")));
  return {.is_the_same = true};
}

void refuse_to_replace(const std::string& path, const std::string& why) {
  throw Error(ErrorKind::checkpoint,
              fmt::format("'{}' is there already (and {}); choose another file with -o, or replace it with "
                          "--force, which keeps it as '{}.bak'",
                          path, why, path));
}

}  // namespace shallows
