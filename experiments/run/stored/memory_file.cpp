#include "experiments/run/stored/memory_file.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::size_t kPiece = 1024;  // rows

std::string group_of(const MemoryNetwork& network, std::size_t m) {
  return network.memories().size() == 1 ? "/memory" : "/memory/channel_" + std::to_string(m);
}

void write_rows(RunWriter& writer, const std::string& group, const MemoryRows& rows) {
  std::vector<std::uint8_t> labels;
  std::vector<std::uint32_t> counters, changed;
  h5::GrowingDataset dataset(writer.file(), group + "/rows", h5::ElementType::f32, rows.dimension(),
                             std::max<std::size_t>(1, (std::size_t{1} << 18U) / rows.dimension()), 0);
  std::vector<float> piece;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto values = rows.values(row);
    piece.insert(piece.end(), values.begin(), values.end());
    labels.push_back(rows.label(row));
    counters.push_back(rows.counter(row));
    changed.push_back(rows.changed(row));
    if ((row + 1) % kPiece == 0 || row + 1 == rows.size()) {
      dataset.append(piece);
      piece.clear();
    }
  }
  writer.write_array(group + "/labels", labels);
  writer.write_array(group + "/counters", counters);
  writer.write_array(group + "/changed", changed);
}

}  // namespace

void write_memory(RunWriter& writer, const MemoryNetwork& network) {
  for (std::size_t m = 0; m < network.memories().size(); ++m)
    write_rows(writer, group_of(network, m), network.memories()[m].rows());
  writer.write_array("/memory/batches", std::array<std::uint32_t, 1>{network.memories().front().batches()});
}

void read_memory(const RunReader& reader, MemoryNetwork& network) {
  for (std::size_t m = 0; m < network.memories().size(); ++m) {
    const std::string group = group_of(network, m);
    const std::size_t dimension = network.memories()[m].rows().dimension();
    const h5::Shape shape = reader.shape(group + "/rows");
    if (shape.size() != 2 || shape[1] != dimension) {
      throw Error(ErrorKind::data, "'" + reader.path() +
                                       "' holds rows of another length than its images have (" + group +
                                       "/rows); the file was changed or damaged, train again");
    }
    const auto labels = reader.read_array<std::uint8_t>(group + "/labels", {shape[0]});
    const auto counters = reader.read_array<std::uint32_t>(group + "/counters", {shape[0]});
    const auto changed = reader.read_array<std::uint32_t>(group + "/changed", {shape[0]});
    for (std::size_t first = 0; first < labels.size(); first += kPiece) {
      const std::size_t count = std::min(kPiece, labels.size() - first);
      const std::vector<float> piece = reader.file().read_rows<float>(group + "/rows", first, count);
      for (std::size_t i = 0; i < count; ++i) {
        network.restore_row(m, std::span(piece).subspan(i * dimension, dimension), labels[first + i],
                            counters[first + i], changed[first + i]);
      }
    }
  }
  network.restore_batches(reader.read_array<std::uint32_t>("/memory/batches", {1})[0]);
}

}  // namespace shallows
