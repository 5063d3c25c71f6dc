#include "sim/vector/matrix_product.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/core/aligned_vector.hpp"

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/vector/matrix_product.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/fused_multiply_add-inl.hpp"

#ifndef SHALLOWS_SIM_VECTOR_MATRIX_PRODUCT_ONCE
#define SHALLOWS_SIM_VECTOR_MATRIX_PRODUCT_ONCE
namespace shallows {
namespace {

struct Product {
  std::size_t rows;
  std::size_t columns;
  std::size_t depth;
  MatrixOperand a;
  MatrixOperand b;
  float* c;
  std::size_t c_step;
  Sum sum;
  const float* ahead = nullptr;  ///< the rows of b in the next panel
  std::size_t ahead_step = 0;
};

/// So many rows and columns of a stay in the second cache while b passes by, a panel of columns at a time,
/// which stays in the first cache.
constexpr std::size_t kRowsAtOnce = 256;
constexpr std::size_t kDepthAtOnce = 256;
constexpr std::size_t kMostPanelColumns = 32;
constexpr std::size_t kLine = kCacheLine / sizeof(float);
/// So many rows pay for copying a panel whose rows lie further apart than this.
constexpr std::size_t kRowsWorthCopy = 64;
constexpr std::size_t kCompactStep = 64;

/// The next part, of about equal ones that are not larger than `most`.
std::size_t part(std::size_t left, std::size_t most) { return left / ((left + most - 1) / most); }

void copy_rows(std::size_t rows, std::size_t columns, const float* from, std::size_t from_step, float* to,
               std::size_t to_step) {
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(from + r * from_step, columns, to + r * to_step);
}

}  // namespace
}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<float, 16> kTag{};
using V = hn::Vec<decltype(kTag)>;
constexpr std::size_t kLanes = hn::MaxLanes(decltype(kTag)());
/// The sums of a tile of kTileRows x kVectors vectors fill the registers, but for one of a and kVectors of b.
constexpr std::size_t kVectors = 2;
constexpr std::size_t kTileRows = HWY_MAX_BYTES >= 64 ? 14 : (HWY_NATIVE_FMA ? 6 : 2);
constexpr std::size_t kPanel = kVectors * kLanes;
static_assert(kPanel <= kMostPanelColumns);

/// The first `count` lanes; the others are 0.
HWY_INLINE V load_first(const float* from, std::size_t count) {
  if (count == kLanes) return hn::LoadU(kTag, from);
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[kLanes] = {};
  std::memcpy(lanes, from, count * sizeof(float));
  return hn::Load(kTag, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(kTag, count), kTag, from);
#endif
}

HWY_INLINE void store_first(V v, float* to, std::size_t count) {
  if (count == kLanes) {
    hn::StoreU(v, kTag, to);
    return;
  }
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, kTag, lanes);
  std::memcpy(to, lanes, count * sizeof(float));
#else
  hn::BlendedStore(v, hn::FirstN(kTag, count), kTag, to);
#endif
}

/// One tile of kRows x kWidth whole vectors.
template <std::size_t kRows, std::size_t kWidth>
HWY_NOINLINE void multiply_tile(const Product& p) {
  const std::size_t row_step = p.a.row_step;
  V sum[kRows][kWidth];
  HWY_UNROLL(16)
  for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kWidth; ++v) {
      sum[r][v] = p.sum == Sum::fresh ? hn::Zero(kTag) : hn::LoadU(kTag, p.c + r * p.c_step + v * kLanes);
    }
  }
  // Three rows for each pointer: the addresses of two others cost nothing, and the pointers fit in registers.
  constexpr std::size_t kPointers = (kRows + 2) / 3;
  const float* a[kPointers];
  for (std::size_t i = 0; i < kPointers; ++i) a[i] = p.a.data + 3 * i * row_step;
  const float* b = p.b.data;
  const float* ahead = p.ahead;
  for (std::size_t k = 0; k < p.depth; ++k) {
    if constexpr (kWidth > 1) {
      hwy::Prefetch(ahead);
    } else if (k % kLine == 0) {  // the only panel, as a rule: what comes from afar is a
      for (std::size_t r = 0; r < kRows; ++r) hwy::Prefetch(a[r / 3] + r % 3 * row_step + 4 * kLine);
    }
    V row[kWidth];
    for (std::size_t v = 0; v < kWidth; ++v) row[v] = hn::LoadU(kTag, b + v * kLanes);
    HWY_UNROLL(16)
    for (std::size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(kTag, a[r / 3][r % 3 * row_step]);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kWidth; ++v) sum[r][v] = fused_multiply_add(kTag, row[v], x, sum[r][v]);
    }
    HWY_UNROLL(8)
    for (std::size_t i = 0; i < kPointers; ++i) a[i] += p.a.column_step;
    b += p.b.row_step;
    ahead += p.ahead_step;
  }
  HWY_UNROLL(16)
  for (std::size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kWidth; ++v) hn::StoreU(sum[r][v], kTag, p.c + r * p.c_step + v * kLanes);
  }
}

template <std::size_t kWidth, std::size_t kRows = kTileRows>
HWY_INLINE void multiply_rows(const Product& p) {
  if (p.rows == kRows) {
    multiply_tile<kRows, kWidth>(p);
  } else if constexpr (kRows > 1) {
    multiply_rows<kWidth, kRows - 1>(p);
  }
}

/// All rows of a panel of columns.
void multiply_panel(const Product& p) {
  HWY_ALIGN float edge[kTileRows * kPanel];  // a tile whose columns are not whole vectors
  const bool whole = p.columns % kLanes == 0;
  Product tile = p;
  for (std::size_t row = 0; row < p.rows; row += tile.rows) {
    tile.rows = part(p.rows - row, kTileRows);
    tile.a.data = p.a.data + row * p.a.row_step;
    float* c = p.c + row * p.c_step;
    tile.c = whole ? c : edge;
    tile.c_step = whole ? p.c_step : kPanel;
    if (!whole) copy_rows(tile.rows, p.columns, c, p.c_step, edge, kPanel);
    if (p.columns > kLanes) {
      multiply_rows<kVectors>(tile);
    } else {
      multiply_rows<1>(tile);
    }
    if (!whole) copy_rows(tile.rows, p.columns, edge, kPanel, c, p.c_step);
    tile.ahead = p.ahead + (tile.ahead == p.ahead ? kLine : 0);
  }
}

#if HWY_MAX_BYTES >= 16
/// Four values, from k on, of every fourth column, each in its block of lanes.
HWY_INLINE V load_blocks(const float* const* columns, std::size_t k) {
  V v = hn::LoadDup128(kTag, columns[kLanes - 4] + k);
  for (std::size_t end = kLanes - 4; end > 0; end -= 4) {
    v = hn::IfThenElse(hn::FirstN(kTag, end), hn::LoadDup128(kTag, columns[end - 4] + k), v);
  }
  return v;
}

/// Columns of b to rows of a panel, four rows at a time.
HWY_INLINE void transpose(const float* const* columns, std::size_t depth, float* panel) {
  constexpr hn::RebindToUnsigned<decltype(kTag)> narrow;
  constexpr hn::RepartitionToWide<decltype(narrow)> pairs;
  const auto both = [=](auto a, auto b, bool upper) {
    const auto wide_a = hn::BitCast(pairs, a), wide_b = hn::BitCast(pairs, b);
    return hn::BitCast(kTag, upper ? hn::InterleaveUpper(pairs, wide_a, wide_b)
                                   : hn::InterleaveLower(pairs, wide_a, wide_b));
  };
  std::size_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    const V a = load_blocks(columns, k), b = load_blocks(columns + 1, k);
    const V c = load_blocks(columns + 2, k), d = load_blocks(columns + 3, k);
    const V ab = hn::InterleaveLower(kTag, a, b), cd = hn::InterleaveLower(kTag, c, d);
    const V ab2 = hn::InterleaveUpper(kTag, a, b), cd2 = hn::InterleaveUpper(kTag, c, d);
    hn::Store(both(ab, cd, false), kTag, panel + k * kPanel);
    hn::Store(both(ab, cd, true), kTag, panel + (k + 1) * kPanel);
    hn::Store(both(ab2, cd2, false), kTag, panel + (k + 2) * kPanel);
    hn::Store(both(ab2, cd2, true), kTag, panel + (k + 3) * kPanel);
  }
  for (; k < depth; ++k) {
    for (std::size_t j = 0; j < kLanes; ++j) panel[k * kPanel + j] = columns[j][k];
  }
}
#endif

/// The columns of b in whole vectors, one row after the other; what follows the last column is anything finite.
void pack(const Product& p, float* panel) {
  for (std::size_t first = 0; first < p.columns; first += kLanes) {
    const std::size_t columns = std::min(kLanes, p.columns - first);
    const float* from = p.b.data + first * p.b.column_step;
    float* to = panel + first;
    if (p.b.column_step == 1) {
      for (std::size_t k = 0; k < p.depth; ++k) {
        hn::Store(load_first(from + k * p.b.row_step, columns), kTag, to + k * kPanel);
      }
#if HWY_MAX_BYTES >= 16
    } else if (p.b.row_step == 1) {
      const float* starts[kLanes];
      for (std::size_t j = 0; j < kLanes; ++j) starts[j] = from + std::min(j, columns - 1) * p.b.column_step;
      transpose(starts, p.depth, to);
#endif
    } else {
      for (std::size_t k = 0; k < p.depth; ++k) {
        for (std::size_t j = 0; j < kLanes; ++j) {
          to[k * kPanel + j] = from[k * p.b.row_step + std::min(j, columns - 1) * p.b.column_step];
        }
      }
    }
  }
}

/// The next kTerms terms of one row of c, whose other terms remain.
template <std::size_t kTerms>
HWY_INLINE void add_terms(Product& p) {
  V x[kTerms];
  for (std::size_t k = 0; k < kTerms; ++k) x[k] = hn::Set(kTag, p.a.data[k * p.a.column_step]);
  for (std::size_t j = 0; j < p.columns; j += kLanes) {
    const std::size_t count = std::min(kLanes, p.columns - j);
    V sum = p.sum == Sum::fresh ? hn::Zero(kTag) : load_first(p.c + j, count);
    for (std::size_t k = 0; k < kTerms; ++k) {
      sum = fused_multiply_add(kTag, load_first(p.b.data + k * p.b.row_step + j, count), x[k], sum);
    }
    store_first(sum, p.c + j, count);
  }
  p.a.data += kTerms * p.a.column_step;
  p.b.data += kTerms * p.b.row_step;
  p.depth -= kTerms;
  p.sum = Sum::onto;
}

/// Without reuse of b, there is nothing to block: b and c are walked along their rows.
void multiply_by_rows(const Product& p) {
  constexpr std::size_t kTerms = 8;
  for (std::size_t i = 0; i < p.rows; ++i) {
    Product row = p;
    row.a.data += i * p.a.row_step;
    row.c += i * p.c_step;
    while (row.depth >= kTerms) add_terms<kTerms>(row);
    while (row.depth > 0) add_terms<1>(row);
  }
}

}  // namespace

void multiply(const Product& whole, float* panel) {
  if (whole.b.column_step == 1 && (whole.rows == 1 || whole.depth == 1)) return multiply_by_rows(whole);
  Product p = whole;
  for (std::size_t row = 0; row < whole.rows; row += p.rows) {
    p.rows = part(whole.rows - row, kRowsAtOnce);
    for (std::size_t k = 0; k < whole.depth; k += p.depth) {
      p.depth = part(whole.depth - k, kDepthAtOnce);
      p.sum = k == 0 ? whole.sum : Sum::onto;
      p.a.data = whole.a.data + row * p.a.row_step + k * p.a.column_step;
      for (std::size_t column = 0; column < whole.columns; column += p.columns) {
        p.columns = std::min(kPanel, whole.columns - column);
        p.b = whole.b;
        p.b.data += k * p.b.row_step + column * p.b.column_step;
        p.ahead = p.b.data + kPanel * p.b.column_step;
        p.ahead_step = p.b.row_step;
        if (p.b.column_step != 1 || p.columns % kLanes != 0 ||
            (whole.rows > kRowsWorthCopy && p.b.row_step > kCompactStep)) {
          pack(p, panel);
          p.b = {panel, kPanel, 1};
        }
        p.c = whole.c + row * p.c_step + column;
        multiply_panel(p);
      }
    }
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(multiply);

}  // namespace

void multiply(std::size_t rows, std::size_t columns, std::size_t depth, MatrixOperand a, MatrixOperand b,
              float* c, std::size_t c_row_step, Sum sum) {
  if (depth == 0 && sum == Sum::fresh) {
    for (std::size_t i = 0; i < rows; ++i) std::fill_n(c + i * c_row_step, columns, 0.0F);
  }
  alignas(kCacheLine) thread_local float panel[kDepthAtOnce * kMostPanelColumns];
  HWY_DYNAMIC_DISPATCH(multiply)({rows, columns, depth, a, b, c, c_row_step, sum}, panel);
}

}  // namespace shallows
#endif  // HWY_ONCE
