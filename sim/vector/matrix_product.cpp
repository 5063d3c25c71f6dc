#include "sim/vector/matrix_product.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/vector/matrix_product.cpp"
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
};

/// Rows of a that stay in the second cache while all of b passes by.
constexpr std::size_t kRowsAtOnce = 512;
/// The part of a sum that is added at once: its panel of b stays in the first cache.
constexpr std::size_t kDepthAtOnce = 256;
constexpr std::size_t kMostPanelColumns = 32;

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
static_assert(kVectors * kLanes <= kMostPanelColumns);

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

/// One tile, whose last vector has `last` columns; b may be read up to the end of that vector.
template <std::size_t kRows, std::size_t kWidth>
void multiply_tile(const Product& p, std::size_t last) {
  const std::size_t row_step = p.a.row_step;
  V sum[kRows][kWidth];
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kWidth; ++v) {
      const float* from = p.c + r * p.c_step + v * kLanes;
      sum[r][v] = p.sum == Sum::fresh ? hn::Zero(kTag) : load_first(from, v + 1 == kWidth ? last : kLanes);
    }
  }
  // Three rows for each pointer: the addresses of two others cost nothing, and the pointers fit in registers.
  constexpr std::size_t kPointers = (kRows + 2) / 3;
  const float* a[kPointers];
  for (std::size_t i = 0; i < kPointers; ++i) a[i] = p.a.data + 3 * i * row_step;
  const float* b = p.b.data;
  for (std::size_t k = 0; k < p.depth; ++k) {
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
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kWidth; ++v) {
      store_first(sum[r][v], p.c + r * p.c_step + v * kLanes, v + 1 == kWidth ? last : kLanes);
    }
  }
}

template <std::size_t kWidth, std::size_t kRows = kTileRows>
HWY_INLINE void multiply_rows(const Product& p, std::size_t last) {
  if (p.rows == kRows) {
    multiply_tile<kRows, kWidth>(p, last);
  } else if constexpr (kRows > 1) {
    multiply_rows<kWidth, kRows - 1>(p, last);
  }
}

/// All rows of a panel of columns, in tiles of about equal height.
void multiply_panel(Product p) {
  const std::size_t end = p.rows;
  const std::size_t tiles = (end + kTileRows - 1) / kTileRows;
  for (std::size_t row = 0, t = 0; t < tiles; ++t) {
    p.rows = (end - row) / (tiles - t);
    if (p.columns > kLanes) {
      multiply_rows<2>(p, p.columns - kLanes);
    } else {
      multiply_rows<1>(p, p.columns);
    }
    row += p.rows;
    p.a.data += p.rows * p.a.row_step;
    p.c += p.rows * p.c_step;
  }
}

#if HWY_MAX_BYTES >= 16
/// In blocks of four lanes, four values of every fourth column from k on.
HWY_INLINE V load_blocks(const float* const* from, std::size_t k) {
  V v = hn::LoadDup128(kTag, from[0] + k);
  for (std::size_t i = 1; i < kLanes / 4; ++i) {
    v = hn::IfThenElse(hn::FirstN(kTag, 4 * i), v, hn::LoadDup128(kTag, from[4 * i] + k));
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
    hn::Store(both(ab, cd, false), kTag, panel + k * kMostPanelColumns);
    hn::Store(both(ab, cd, true), kTag, panel + (k + 1) * kMostPanelColumns);
    hn::Store(both(ab2, cd2, false), kTag, panel + (k + 2) * kMostPanelColumns);
    hn::Store(both(ab2, cd2, true), kTag, panel + (k + 3) * kMostPanelColumns);
  }
  for (; k < depth; ++k) {
    for (std::size_t j = 0; j < kLanes; ++j) panel[k * kMostPanelColumns + j] = columns[j][k];
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
        hn::Store(load_first(from + k * p.b.row_step, columns), kTag, to + k * kMostPanelColumns);
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
          to[k * kMostPanelColumns + j] = from[k * p.b.row_step + std::min(j, columns - 1) * p.b.column_step];
        }
      }
    }
  }
}

/// One row of c, with kTerms rows of b at a time.
template <std::size_t kTerms>
HWY_INLINE void add_rows(std::size_t columns, const float* a, std::size_t a_step, const float* b,
                         std::size_t b_step, float* HWY_RESTRICT c, Sum sum) {
  V x[kTerms];
  for (std::size_t k = 0; k < kTerms; ++k) x[k] = hn::Set(kTag, a[k * a_step]);
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const std::size_t count = std::min(kLanes, columns - j);
    V out = sum == Sum::fresh ? hn::Zero(kTag) : load_first(c + j, count);
    for (std::size_t k = 0; k < kTerms; ++k) {
      out = fused_multiply_add(kTag, load_first(b + k * b_step + j, count), x[k], out);
    }
    store_first(out, c + j, count);
  }
}

/// Without reuse of b there is nothing to block: c is walked along its rows.
void multiply_by_rows(const Product& p) {
  constexpr std::size_t kTerms = 8;
  for (std::size_t i = 0; i < p.rows; ++i) {
    const float* a = p.a.data + i * p.a.row_step;
    const float* b = p.b.data;
    Sum sum = p.sum;
    std::size_t k = 0;
    for (; k + kTerms <= p.depth; k += kTerms, sum = Sum::onto) {
      add_rows<kTerms>(p.columns, a + k * p.a.column_step, p.a.column_step, b + k * p.b.row_step,
                       p.b.row_step, p.c + i * p.c_step, sum);
    }
    for (; k < p.depth; ++k, sum = Sum::onto) {
      add_rows<1>(p.columns, a + k * p.a.column_step, p.a.column_step, b + k * p.b.row_step, p.b.row_step,
                  p.c + i * p.c_step, sum);
    }
  }
}

}  // namespace

void multiply(const Product& whole, float* panel) {
  if (whole.b.column_step == 1 && (whole.rows == 1 || whole.depth == 1)) return multiply_by_rows(whole);
  Product p = whole;
  for (std::size_t row = 0; row < whole.rows; row += kRowsAtOnce) {
    p.rows = std::min(kRowsAtOnce, whole.rows - row);
    for (std::size_t k = 0; k < whole.depth; k += kDepthAtOnce) {
      p.depth = std::min(kDepthAtOnce, whole.depth - k);
      p.sum = k == 0 ? whole.sum : Sum::onto;
      p.a.data = whole.a.data + row * p.a.row_step + k * p.a.column_step;
      for (std::size_t column = 0; column < whole.columns; column += kVectors * kLanes) {
        p.columns = std::min(kVectors * kLanes, whole.columns - column);
        p.b = whole.b;
        p.b.data += k * p.b.row_step + column * p.b.column_step;
        if (p.b.column_step != 1 || p.columns % kLanes != 0 || whole.columns > 64) {
          pack(p, panel);
          p.b = {panel, kMostPanelColumns, 1};
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
  alignas(64) thread_local float panel[kDepthAtOnce * kMostPanelColumns];
  HWY_DYNAMIC_DISPATCH(multiply)({rows, columns, depth, a, b, c, c_row_step, sum}, panel);
}

}  // namespace shallows
#endif  // HWY_ONCE
