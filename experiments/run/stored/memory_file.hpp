// The rows of a memory network in a file: /memory, or /memory/channel_0 and so on with channel voting.
//
//     rows      [rows][dimension] float32
//     labels    [rows] uint8
//     counters  [rows] uint32
//     changed   [rows] uint32
//     batches   [1] uint32
//
// output/record/descriptions.cpp says what they mean. Rows are copied a piece at a time, so a large memory is
// not held twice.
#pragma once

#include "models/memory/memory_network.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

void write_memory(RunWriter& writer, const MemoryNetwork& network);

/// Into a network without rows. Throws Error (data) if the file has none or they do not fit.
void read_memory(const RunReader& reader, MemoryNetwork& network);

}  // namespace shallows
