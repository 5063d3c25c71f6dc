// Products of matrices in single precision, for each instruction set and chosen at run time.
//
// Every output is one chain of fused multiply-adds in the order of k. So its bits do not depend on the
// instruction set, on the place of an output in a matrix, or on how callers cut the outputs into blocks for
// their threads.
//
// Lanes are neighbouring columns. Fast is a b with column_step 1, best with few columns between its rows (64
// neurons, say), and any a. A b with row_step 1 is transposed in panels, which costs a tenth where a has 64 rows
// and much where it has one: where b is the larger operand, the transposed product c' = b' a' is as fast as any
// (784 inputs x 64 images for errors, not 64 images x 784 inputs).
#pragma once

#include <cstddef>

namespace shallows {

/// An operand: element (i, k) is data[i * row_step + k * column_step].
struct MatrixOperand {
  const float* data;
  std::size_t row_step;
  std::size_t column_step;
};

/// What the sum of an output starts with: 0, or what is in c.
enum class Sum { fresh, onto };

/// c(i, j) = [c(i, j) +] sum over k, in order, of a(i, k) * b(k, j), each a fused multiply-add. c is row-major
/// with c_row_step between its rows, and overlaps neither a nor b.
void multiply(std::size_t rows, std::size_t columns, std::size_t depth, MatrixOperand a, MatrixOperand b,
              float* c, std::size_t c_row_step, Sum sum);

}  // namespace shallows
