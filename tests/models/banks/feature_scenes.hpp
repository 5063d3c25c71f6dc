// Made-up samples for the tests of the feature learners.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numbers>
#include <utility>

#include "models/banks/learning/samples.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

/// The rows of a matrix.
inline Samples matrix_samples(Matrix rows) {
  const auto data = std::make_shared<const Matrix>(std::move(rows));
  return {static_cast<std::size_t>(data->rows()), static_cast<std::size_t>(data->cols()),
          [data](std::size_t i, std::span<double> out) {
            for (std::size_t k = 0; k < out.size(); ++k) {
              out[k] = (*data)(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k));
            }
          }};
}

inline Matrix gaussian(Eigen::Index rows, Eigen::Index columns, std::uint64_t index) {
  Rng rng(91, Purpose::tests, index);
  Matrix values(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < columns; ++j) values(i, j) = rng.normal();
  }
  return values;
}

/// An orthogonal matrix.
inline Matrix random_axes(Eigen::Index size, std::uint64_t index) {
  const Eigen::HouseholderQR<Matrix> qr(gaussian(size, size, index));
  return qr.householderQ() * Matrix::Identity(size, size);
}

inline double degrees(double cosine) { return std::acos(std::min(1.0, cosine)) * 180.0 / std::numbers::pi; }

/// Largest principal angle between the spaces that the rows of two matrices span, in degrees.
inline double largest_angle(const Matrix& a, const Matrix& b) {
  const auto basis = [](const Matrix& rows) -> Eigen::MatrixXd {
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(rows.transpose());
    return qr.householderQ() * Eigen::MatrixXd::Identity(rows.cols(), rows.rows());
  };
  const Eigen::MatrixXd cosines = basis(a).transpose() * basis(b);
  return degrees(Eigen::JacobiSVD<Eigen::MatrixXd>(cosines).singularValues().minCoeff());
}

/// How close a matrix is to a permutation with scales: the smallest share of a row's norm that its largest
/// entry has; 0 if two rows have it in the same column.
inline double separation(const Matrix& mixing) {
  double worst = 1.0;
  Eigen::VectorXi used = Eigen::VectorXi::Zero(mixing.cols());
  for (Eigen::Index i = 0; i < mixing.rows(); ++i) {
    Eigen::Index column = 0;
    const double largest = mixing.row(i).cwiseAbs().maxCoeff(&column);
    if (used[column]++ != 0) return 0.0;
    worst = std::min(worst, largest / mixing.row(i).norm());
  }
  return worst;
}

}  // namespace shallows
