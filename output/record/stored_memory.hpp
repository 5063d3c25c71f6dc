// Where the rows of a memory network lie in a file: those of one memory, or of one for each channel.
//
//     /memory            batches [1] uint32
//     /memory, or /memory/channel_0 and so on with channel voting:
//         rows           [rows][dimension] float32
//         labels         [rows] uint8
//         counters       [rows] uint32
//         changed        [rows] uint32
//
// output/record/descriptions.cpp says what they mean.
#pragma once

#include <cstddef>
#include <string>

#include "output/h5/h5.hpp"

namespace shallows {

/// The datasets of memory `m` of `memories`.
struct StoredMemory {
  StoredMemory(std::size_t m, std::size_t memories)
      : group(memories == 1 ? "/memory" : "/memory/channel_" + std::to_string(m)) {}

  std::string group;
  std::string rows = group + "/rows";
  std::string labels = group + "/labels";
  std::string counters = group + "/counters";
  std::string changed = group + "/changed";
};

inline constexpr const char* kMemoryBatches = "/memory/batches";

/// 0: the file holds no memory network.
inline std::size_t stored_memories(const h5::File& file) {
  std::size_t channels = 0;
  while (file.contains("/memory/channel_" + std::to_string(channels))) ++channels;
  return channels == 0 && file.contains("/memory") ? 1 : channels;
}

}  // namespace shallows
