// Result files that are there already: the same one, or another one that must not be lost.
#pragma once

#include <string>
#include <vector>

#include "experiments/config.hpp"
#include "experiments/dataset.hpp"
#include "output/run_file.hpp"

namespace shallows {

/// Which keys, images, bank or earlier network differ between what a file holds and what is asked for, a line
/// each; empty if it is the same to the bit. `provenance` is that of what is asked for.
std::vector<std::string> differences_of(const RunReader& reader, const Config& config, const Dataset& dataset,
                                        const Provenance& provenance);

/// What to do with the file `path` before it is written.
enum class Existing {
  none,      ///< it is not there
  the_same,  ///< it holds what is asked for
  replaced,  ///< it was something else, which keep_as_backup() has kept
};
enum class Replace { no, yes };

/// Looks at `path`. Throws Error (checkpoint) with the differing keys if it holds something else, unless it
/// may be replaced: then it is kept as `backup` from now on, as is the same one.
Existing look_at_existing(const std::string& path, FileKind kind, const Config& config,
                          const Dataset& dataset, const Provenance& provenance, Replace replace,
                          std::string& backup);

}  // namespace shallows
