// Matrix products on one core, on the shapes of a dense layer of 64 neurons in a group: ours, Eigen's and, where
// it is installed, OpenBLAS's, in turns; the best of many. Prints GFlop/s.
//
//   OPENBLAS_NUM_THREADS=1 build/release/product_bench [ROUNDS]
#include <dlfcn.h>

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "sim/core/aligned_vector.hpp"
#include "sim/core/rng.hpp"
#include "sim/vector/matrix_product.hpp"

namespace {

using namespace shallows;

/// An operand lies by rows, or by columns.
enum class By { rows, columns };

struct Shape {
  const char* name;
  std::size_t rows, columns, depth;
  By a, b;
  Sum sum;
};

constexpr Shape kShapes[] = {
    {"forward: 64 images x 64 neurons, 784 inputs", 64, 64, 784, By::rows, By::rows, Sum::fresh},
    {"forward: 1024 inputs", 64, 64, 1024, By::rows, By::rows, Sum::fresh},
    {"gradient: 784 inputs x 64 neurons, 64 images", 784, 64, 64, By::columns, By::rows, Sum::fresh},
    {"backward: 64 images x 784 inputs, 64 neurons", 64, 784, 64, By::rows, By::columns, Sum::onto},
    {"backward by inputs: 784 inputs x 64 images", 784, 64, 64, By::rows, By::columns, Sum::onto},
    {"backward by inputs, images contiguous", 784, 64, 64, By::rows, By::rows, Sum::onto},
    {"all: 64 images x 800 neurons, 784 inputs", 64, 800, 784, By::rows, By::rows, Sum::fresh},
    {"all, weights by neurons", 64, 800, 784, By::rows, By::columns, Sum::fresh},
    {"all: 64 images x 1024 neurons, 1024 inputs", 64, 1024, 1024, By::rows, By::rows, Sum::fresh},
    {"gradient of all: 784 inputs x 800 neurons", 784, 800, 64, By::columns, By::rows, Sum::onto},
    {"memory: 192 rows x 256 inputs, 784 values", 192, 256, 784, By::rows, By::columns, Sum::fresh},
    {"memory: 192 rows x 256 inputs, transposed", 192, 256, 784, By::rows, By::rows, Sum::fresh},
    {"square: 1024", 1024, 1024, 1024, By::rows, By::rows, Sum::fresh},
    {"readout: 64 images x 10 classes, 800 neurons", 64, 10, 800, By::rows, By::rows, Sum::fresh},
    {"one image: 64 neurons, 784 inputs", 1, 64, 784, By::rows, By::rows, Sum::fresh},
    {"one image: 800 neurons, 784 inputs", 1, 800, 784, By::rows, By::rows, Sum::fresh},
    {"one image, weights by neurons", 1, 800, 784, By::rows, By::columns, Sum::fresh},
    {"backward of one image: 784 inputs, 64 neurons", 1, 784, 64, By::rows, By::columns, Sum::onto},
    {"gradient of one image: 784 x 800", 784, 800, 1, By::columns, By::rows, Sum::onto},
};

// cblas_sgemm(order, transpose a, transpose b, rows, columns, depth, alpha, a, step, b, step, beta, c, step)
using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float,
                       float*, int);

Sgemm find_openblas() {
  void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  return library == nullptr ? nullptr : reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
}

AlignedVector<float> random_values(std::size_t size) {
  Rng rng(1, Purpose::tests, size);
  AlignedVector<float> values(size);
  for (float& value : values) value = static_cast<float>(rng.uniform(-1.0, 1.0));
  return values;
}

MatrixOperand operand(const AlignedVector<float>& data, std::size_t rows, std::size_t columns, By by) {
  return by == By::rows ? MatrixOperand{data.data(), columns, 1} : MatrixOperand{data.data(), 1, rows};
}

template <By a_by, By b_by>
void multiply_by_eigen(const Shape& s, const float* a, const float* b, float* c) {
  const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
  using ByRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using A = std::conditional_t<a_by == By::rows, ByRows, Eigen::MatrixXf>;
  using B = std::conditional_t<b_by == By::rows, ByRows, Eigen::MatrixXf>;
  const Eigen::Map<const A> left(a, index(s.rows), index(s.depth));
  const Eigen::Map<const B> right(b, index(s.depth), index(s.columns));
  Eigen::Map<ByRows> out(c, index(s.rows), index(s.columns));
  if (s.sum == Sum::fresh) {
    out.noalias() = left * right;
  } else {
    out.noalias() += left * right;
  }
}

void multiply_by_eigen(const Shape& s, const float* a, const float* b, float* c) {
  if (s.a == By::rows && s.b == By::rows) multiply_by_eigen<By::rows, By::rows>(s, a, b, c);
  if (s.a == By::rows && s.b == By::columns) multiply_by_eigen<By::rows, By::columns>(s, a, b, c);
  if (s.a == By::columns && s.b == By::rows) multiply_by_eigen<By::columns, By::rows>(s, a, b, c);
}

double seconds(const std::function<void()>& work, std::size_t times) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < times; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
         static_cast<double>(times);
}

void measure(const Shape& s, Sgemm sgemm, std::size_t rounds) {
  const auto a = random_values(s.rows * s.depth), b = random_values(s.depth * s.columns);
  AlignedVector<float> c(s.rows * s.columns, 0.0F);
  std::vector<std::function<void()>> all = {
      [&] {
        multiply(s.rows, s.columns, s.depth, operand(a, s.rows, s.depth, s.a),
                 operand(b, s.depth, s.columns, s.b), c.data(), s.columns, s.sum);
      },
      [&] { multiply_by_eigen(s, a.data(), b.data(), c.data()); }};
  if (sgemm != nullptr) {
    all.emplace_back([&] {
      const auto count = [](std::size_t i) { return static_cast<int>(i); };
      constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
      sgemm(kRowMajor, s.a == By::rows ? kPlain : kTransposed, s.b == By::rows ? kPlain : kTransposed,
            count(s.rows), count(s.columns), count(s.depth), 1.0F, a.data(),
            count(s.a == By::rows ? s.depth : s.rows), b.data(), count(s.b == By::rows ? s.columns : s.depth),
            s.sum == Sum::onto ? 1.0F : 0.0F, c.data(), count(s.columns));
    });
  }
  const double flops = 2e-9 * static_cast<double>(s.rows * s.columns * s.depth);
  const auto times = static_cast<std::size_t>(std::clamp(0.03 / flops, 1.0, 1000.0));  // below a time slice
  std::vector<double> best(all.size(), 1e9);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) best[i] = std::min(best[i], seconds(all[i], times));
  }
  std::printf("%-46s", s.name);
  for (const double time : best) std::printf(" %9.1f", flops / time);
  if (sgemm != nullptr) std::printf(" %9.0f %%", 100.0 * best[2] / best[0]);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const Sgemm sgemm = find_openblas();
  std::printf("%-46s %9s %9s%s\n", "GFlop/s", "ours", "Eigen", sgemm ? "  OpenBLAS      ours" : "");
  const std::size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  for (const Shape& shape : kShapes) measure(shape, sgemm, rounds);
}
