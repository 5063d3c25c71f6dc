#include "encoders/complex_cells.hpp"

#include <algorithm>
#include <utility>

namespace shallows {

Fields<Pool> Pool::fields() {
  return {field("pool", &Pool::reach, "pixels",
                "complex cells: a field is also shifted by up to so many pixels each way, and its responses "
                "become one; 0: none",
                CountDomain{0, 4096}),
          field("pool_step", &Pool::step, "pixels",
                "between shifts, divides hidden.pool; 0: by -pool, 0 and +pool only", CountDomain{0, 4096})};
}

Fields<ComplexCells> ComplexCells::fields() {
  return joined(fields_of(&ComplexCells::pool),
                Fields<ComplexCells>{choice(
                    "pooling", &ComplexCells::pooling, "pooling",
                    "a complex cell answers with the largest rectified response of its simple cells, or with "
                    "their mean",
                    {{"largest", Pooling::largest}, {"mean", Pooling::mean}})});
}

std::vector<int> Pool::shifts() const {
  if (reach == 0) return {0};
  const int farthest = static_cast<int>(reach);
  const int between = step == 0 ? farthest : static_cast<int>(step);
  std::vector<int> all;
  for (int shift = -farthest; shift <= farthest; shift += between) all.push_back(shift);
  return all;
}

ReceptiveFields shifted(const ReceptiveFields& bank, int down, int right) {
  const auto moved = [&](std::uint16_t from, int by, std::size_t side) {
    const int last = static_cast<int>(side - bank.patch());
    return static_cast<std::uint16_t>(std::clamp(from + by, 0, last));
  };
  std::vector<PatchPosition> positions;
  for (const PatchPosition p : bank.positions()) {
    positions.push_back(
        {moved(p.row, down, bank.shape().height), moved(p.column, right, bank.shape().width)});
  }
  return {bank.shape(), bank.patch(), std::move(positions), {bank.filters().begin(), bank.filters().end()}};
}

std::vector<ReceptiveFields> at_all_shifts(const ReceptiveFields& bank, const Pool& pool) {
  if (pool.reach == 0) return {bank};
  std::vector<ReceptiveFields> banks;
  for (const int down : pool.shifts()) {
    for (const int right : pool.shifts()) banks.push_back(shifted(bank, down, right));
  }
  return banks;
}

SimpleCells simple_cells(const ReceptiveFields& bank, const Pool& pool) {
  struct Cell {
    PatchPosition position;
    std::uint32_t field;
  };
  std::vector<Cell> cells;
  for (const ReceptiveFields& places : at_all_shifts(bank, pool)) {
    for (std::uint32_t i = 0; i < bank.size(); ++i) cells.push_back({places.position(i), i});
  }
  const auto key = [](const Cell& cell) { return std::pair(cell.field, cell.position); };
  std::ranges::sort(cells, {}, key);
  const auto repeated = std::ranges::unique(cells, {}, key);
  cells.erase(repeated.begin(), repeated.end());

  std::vector<PatchPosition> places;
  for (const Cell& cell : cells) places.push_back(cell.position);
  SimpleCells simple{.fields = {}, .of_field = std::vector<std::vector<std::uint32_t>>(bank.size())};
  std::vector<PatchPosition> positions;
  std::vector<float> filters;
  for (const std::size_t c : locality_order(places)) {
    const Cell& cell = cells[c];
    simple.of_field[cell.field].push_back(static_cast<std::uint32_t>(positions.size()));
    positions.push_back(cell.position);
    const auto filter = bank.filter(cell.field);
    filters.insert(filters.end(), filter.begin(), filter.end());
  }
  simple.fields = ReceptiveFields(bank.shape(), bank.patch(), std::move(positions), std::move(filters));
  return simple;
}

}  // namespace shallows
