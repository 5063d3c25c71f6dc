// The rows of a memory network in a file (output/record/stored_memory.hpp). They are copied a piece at a
// time, so a large memory is not held twice.
#pragma once

#include "models/memory/memory_network.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

void write_memory(RunWriter& writer, const MemoryNetwork& network);

/// Into a network without rows. Throws Error (data) if the file has none or they do not fit.
void read_memory(const RunReader& reader, MemoryNetwork& network);

}  // namespace shallows
