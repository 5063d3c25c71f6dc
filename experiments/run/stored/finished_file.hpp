// Result files that are there already: the same one, or another one that must not be lost.
#pragma once

#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

/// Which keys, images, bank or earlier network differ between what a file holds and what is asked for, a line
/// each; empty if it is the same to the bit. `provenance` is that of what is asked for.
std::vector<std::string> differences_of(const RunReader& reader, const Config& config, const Dataset& dataset,
                                        const Provenance& provenance);

/// What was at a place before something is written there.
struct Existing {
  bool is_the_same = false;  ///< it holds what is asked for
  std::string backup = {};   ///< the name that keep_as_backup() has given it; empty if it has not
};
enum class Replace { no, yes };

/// Looks at `path`. Throws Error (checkpoint) with the differing keys if it holds something else, unless it
/// may be replaced: then it is a backup from now on, whatever it holds.
[[nodiscard]] Existing look_at_existing(const std::string& path, FileKind kind, const Config& config,
                                        const Dataset& dataset, const Provenance& provenance,
                                        Replace replace);

/// Throws the Error (checkpoint) for a file that must not be lost; `why` says that it "differs in ...".
[[noreturn]] void refuse_to_replace(const std::string& path, const std::string& why);

}  // namespace shallows
