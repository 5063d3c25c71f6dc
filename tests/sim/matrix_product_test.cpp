#include "sim/vector/matrix_product.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "sim/core/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

/// How the elements of a matrix lie: next to each other along the rows, along the columns, or nowhere.
enum class Order { rows, columns, apart };

struct Matrix {
  std::vector<float> values;
  MatrixOperand operand;

  Matrix(std::size_t rows, std::size_t columns, Order order, std::uint64_t seed) {
    const std::size_t gap = 3;
    if (order == Order::rows) operand = {nullptr, columns + gap, 1};
    if (order == Order::columns) operand = {nullptr, 1, rows + gap};
    if (order == Order::apart) operand = {nullptr, 2 * columns + gap, 2};
    if (rows > 0 && columns > 0) {
      values.resize((rows - 1) * operand.row_step + (columns - 1) * operand.column_step + 1);
    }
    Rng rng(113, Purpose::tests, seed);
    for (float& value : values) value = static_cast<float>(rng.uniform(-1.0, 1.0));
    operand.data = values.data();
  }

  std::size_t at(std::size_t i, std::size_t k) const {
    return i * operand.row_step + k * operand.column_step;
  }
};

struct Shape {
  std::size_t rows, columns, depth;
};

void multiply_plainly(const Shape& s, const Matrix& a, const Matrix& b, std::vector<float>& c,
                      std::size_t c_step, Sum sum) {
  for (std::size_t i = 0; i < s.rows; ++i) {
    for (std::size_t j = 0; j < s.columns; ++j) {
      float chain = sum == Sum::fresh ? 0.0F : c[i * c_step + j];
      for (std::size_t k = 0; k < s.depth; ++k)
        chain = std::fma(a.values[a.at(i, k)], b.values[b.at(k, j)], chain);
      c[i * c_step + j] = chain;
    }
  }
}

/// The same number, or both not a number.
bool same(const std::vector<float>& x, const std::vector<float>& y) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::memcmp(&x[i], &y[i], sizeof(float)) != 0 && !(std::isnan(x[i]) && std::isnan(y[i])))
      return false;
  }
  return x.size() == y.size();
}

void expect_plain_product(const Shape& s, const Matrix& a, const Matrix& b, const std::string& name) {
  for (const Sum sum : {Sum::fresh, Sum::onto}) {
    const std::size_t c_step = s.columns + 2;
    std::vector<float> c(s.rows * c_step, 0.25F);  // what lies between the rows stays as it is
    std::vector<float> expected = c;
    multiply_plainly(s, a, b, expected, c_step, sum);
    multiply(s.rows, s.columns, s.depth, a.operand, b.operand, c.data(), c_step, sum);
    EXPECT_TRUE(same(c, expected)) << name << ": " << s.rows << " x " << s.columns << " x " << s.depth
                                   << (sum == Sum::onto ? " onto" : " fresh");
  }
}

constexpr Order kOrders[] = {Order::rows, Order::columns, Order::apart};

TEST(MatrixProduct, IsAChainOfFusedMultiplyAddsWithEveryInstructionSet) {
  const Shape shapes[] = {{1, 1, 1},   {1, 1, 0},   {3, 5, 0},    {0, 5, 3},     {5, 0, 3},   {1, 10, 70},
                          {1, 64, 33}, {7, 10, 9},  {13, 31, 17}, {14, 32, 16},  {15, 33, 5}, {29, 16, 4},
                          {64, 64, 9}, {41, 90, 1}, {6, 1, 300},  {27, 47, 261}, {530, 3, 7}, {2, 200, 8}};
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    for (const Shape& s : shapes) {
      for (const Order a_order : kOrders) {
        for (const Order b_order : kOrders) {
          expect_plain_product(s, Matrix(s.rows, s.depth, a_order, 1), Matrix(s.depth, s.columns, b_order, 2),
                               name);
        }
      }
    }
  }
}

TEST(MatrixProduct, OfALayerIsAChainOfFusedMultiplyAdds) {
  for (const Shape& s : {Shape{64, 34, 784}, Shape{100, 64, 64}, Shape{1, 800, 784}, Shape{1030, 5, 260}}) {
    for (const Order a_order : {Order::rows, Order::columns}) {
      for (const Order b_order : {Order::rows, Order::columns}) {
        expect_plain_product(s, Matrix(s.rows, s.depth, a_order, 3), Matrix(s.depth, s.columns, b_order, 4),
                             "best");
      }
    }
  }
}

TEST(MatrixProduct, KeepsWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    for (const Shape& s : {Shape{17, 37, 20}, Shape{1, 37, 20}, Shape{17, 37, 1}}) {
      for (const Order order : kOrders) {
        Matrix a(s.rows, s.depth, Order::rows, 5), b(s.depth, s.columns, order, 6);
        a.values[a.at(0, 0)] = kInfinity;
        a.values[a.at(s.rows / 2, s.depth / 2)] = 0.0F;
        b.values[b.at(s.depth / 2, 7)] = -kInfinity;
        b.values[b.at(s.depth - 1, 36)] = kNan;
        expect_plain_product(s, a, b, name);
      }
    }
  }
}

}  // namespace
}  // namespace shallows
