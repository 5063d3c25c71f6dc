#include "models/banks/learning/populations.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "models/banks/learning/principal_components.hpp"
#include "sim/core/error.hpp"
#include "sim/core/rng.hpp"
#include "models/eigen_index.hpp"

namespace shallows {
namespace {

constexpr std::size_t kLargestImageCovariance = std::size_t{1} << 29U;  // bytes
constexpr std::size_t kLargestCovariance = std::size_t{4} << 30U;

std::size_t covariance_bytes(std::size_t dimension) { return dimension * dimension * sizeof(double); }

class Fit {
 public:
  Fit(const PopulationRule& rule, const LearnedParams& params, const BankShape& shape,
      const BankSource& source)
      : rule_(rule),
        params_(params),
        shape_(shape),
        images_(*source.images),
        positions_(draw_positions(source.seed)),
        whole_image_(rule.needs_covariance() && prefers_whole_image()),
        monitor_(work(), source.progress) {}

  std::optional<MadeBank> run() {
    if (whole_image_) {
      std::vector<std::uint32_t> all(images_.shape().pixels());
      std::iota(all.begin(), all.end(), std::uint32_t{0});
      image_covariance_ = covariance(pixel_samples(images_, std::move(all), images()), monitor_);
    }
    std::vector<Population> populations(positions_.size());
    tbb::parallel_for(std::size_t{0}, populations.size(), [&](std::size_t i) {
      if (!monitor_.stopped()) populations[i] = learn(i);
    });
    if (monitor_.stopped()) return std::nullopt;
    return MadeBank{assemble(populations), figures(populations)};
  }

 private:
  std::size_t images() const {
    return params_.fit_images == 0 ? images_.size()
                                   : std::min<std::size_t>(params_.fit_images, images_.size());
  }

  std::size_t dimension() const { return images_.shape().channels * shape_.patch * shape_.patch; }

  /// Overlapping patches share most of the products, so the covariance of the image is often the cheapest
  /// way.
  bool prefers_whole_image() const {
    const std::size_t pixels = images_.shape().pixels();
    return covariance_bytes(pixels) <= kLargestImageCovariance &&
           pixels * pixels <= positions_.size() * dimension() * dimension();
  }

  /// Steps that the monitor counts: samples summed, and those of the rule.
  std::uint64_t work() const {
    const std::uint64_t populations = positions_.size();
    const std::uint64_t sums = rule_.needs_covariance() ? images() * (whole_image_ ? 1 : populations) : 0;
    return sums + populations * rule_.steps();
  }

  std::vector<PatchPosition> draw_positions(std::uint64_t seed) const {
    Rng rng(seed, Purpose::learned_field_position, 0);
    const std::size_t last = params_.places == PatchPlaces::without_last ? 0 : 1;
    const auto offset = [&](std::size_t side) {
      const std::size_t places = std::max<std::size_t>(1, side - shape_.patch + last);
      return static_cast<std::uint16_t>(rng.integer(static_cast<std::uint32_t>(places)));
    };
    std::vector<PatchPosition> drawn, ordered;
    for (std::size_t i = 0; i < shape_.size / params_.features; ++i) {
      const std::uint16_t row = offset(images_.shape().height);
      const std::uint16_t column = offset(images_.shape().width);
      drawn.push_back({row, column});
    }
    for (const std::size_t i : locality_order(drawn)) ordered.push_back(drawn[i]);
    return ordered;
  }

  std::vector<std::uint32_t> pixels_of(std::size_t population) const {
    const ReceptiveFields window(images_.shape(), shape_.patch, {positions_[population]},
                                 std::vector<float>(dimension(), 0.0F));
    std::vector<std::uint32_t> pixels;
    for (std::size_t k = 0; k < dimension(); ++k)
      pixels.push_back(static_cast<std::uint32_t>(window.pixel(0, k)));
    return pixels;
  }

  Matrix covariance_of(const Samples& samples, const std::vector<std::uint32_t>& pixels) {
    if (!whole_image_) return covariance(samples, monitor_);
    Matrix part(index(pixels.size()), index(pixels.size()));
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      for (std::size_t j = 0; j < pixels.size(); ++j) {
        part(index(i), index(j)) = image_covariance_(pixels[i], pixels[j]);
      }
    }
    return part;
  }

  Population learn(std::size_t i) {
    const std::vector<std::uint32_t> pixels = pixels_of(i);
    const Samples samples = pixel_samples(images_, pixels, images());
    if (!rule_.needs_covariance()) return rule_.learn(samples, nullptr, i, monitor_);
    const Matrix products = covariance_of(samples, pixels);
    if (monitor_.stopped()) return {};
    return rule_.learn(samples, &products, i, monitor_);
  }

  ReceptiveFields assemble(const std::vector<Population>& populations) const {
    std::vector<PatchPosition> positions;
    std::vector<float> filters;
    filters.reserve(shape_.size * dimension());
    for (std::size_t i = 0; i < populations.size(); ++i) {
      positions.insert(positions.end(), params_.features, positions_[i]);
      const Matrix& learned = populations[i].filters;
      std::transform(learned.data(), learned.data() + learned.size(), std::back_inserter(filters),
                     [](double weight) { return static_cast<float>(weight); });
    }
    return {images_.shape(), shape_.patch, std::move(positions), std::move(filters),
            assemble_inhibition(populations)};
  }

  std::optional<LateralInhibition> assemble_inhibition(const std::vector<Population>& populations) const {
    if (populations.front().lateral.empty()) return std::nullopt;
    LateralInhibition all{.population = params_.features, .weights = {}, .thresholds = {}};
    for (const Population& population : populations) {
      all.weights.insert(all.weights.end(), population.lateral.begin(), population.lateral.end());
      all.thresholds.insert(all.thresholds.end(), population.thresholds.begin(), population.thresholds.end());
    }
    return all;
  }

  std::vector<FitFigure> figures(const std::vector<Population>& populations) const {
    const auto mean = [&](auto member) {
      double sum = 0.0;
      for (const Population& population : populations) sum += member(population);
      return sum / static_cast<double>(populations.size());
    };
    double silent = 0.0;
    for (const Population& population : populations) {
      for (Eigen::Index k = 0; k < population.filters.rows(); ++k) {
        if (population.filters.row(k).isZero(0.0)) silent += 1.0;
      }
    }
    std::vector<FitFigure> result = {{"populations", static_cast<double>(populations.size())},
                                     {"silent_filters", silent}};
    if (rule_.needs_covariance()) {
      const double total = mean([](const Population& p) { return p.total; });
      const double explained = mean([](const Population& p) { return p.explained; });
      result.push_back({"explained_variance", total > 0.0 ? explained / total : 0.0});
    }
    for (std::size_t k = 0; k < populations.front().figures.size(); ++k)
      result.push_back({populations.front().figures[k].name,
                        mean([k](const Population& p) { return p.figures[k].value; })});
    return result;
  }

  const PopulationRule& rule_;
  const LearnedParams& params_;
  const BankShape& shape_;
  const ImageSet& images_;
  std::vector<PatchPosition> positions_;
  bool whole_image_;
  FitMonitor monitor_;
  Matrix image_covariance_;
};

}  // namespace

std::optional<MadeBank> fit_populations(const PopulationRule& rule, const LearnedParams& params,
                                        const BankShape& shape, const BankSource& source) {
  assert(source.images != nullptr && !source.images->empty());
  assert(params.features >= 1 && shape.size % params.features == 0);
  const std::size_t dimension = source.images->shape().channels * shape.patch * shape.patch;
  if (rule.needs_covariance() && covariance_bytes(dimension) > kLargestCovariance) {
    throw Error(ErrorKind::configuration,
                "hidden.patch = " + std::to_string(shape.patch) +
                    " is too large for a batch fit (its covariance takes " +
                    std::to_string(covariance_bytes(dimension) >> 30U) +
                    " GiB); choose a smaller patch, or hidden.kind = \"pca\" with hidden.pca_rule = "
                    "\"sanger\"");
  }
  return Fit(rule, params, shape, source).run();
}

std::optional<Problem> problem_of_populations(const LearnedParams& params, const BankShape& shape) {
  if (shape.size % params.features == 0) return std::nullopt;
  return Problem{"size = " + std::to_string(shape.size) +
                     " is no multiple of features = " + std::to_string(params.features),
                 "the bank is made of populations of so many neurons each", "change one of them"};
}

std::optional<Problem> problem_of_components(const LearnedParams& params, const BankShape& shape,
                                             const ImageShape* images) {
  if (images == nullptr) return problem_of_populations(params, shape);
  const std::size_t dimension = images->channels * shape.patch * shape.patch;
  if (dimension == 1) {
    return Problem{"patch = 1 has no components to learn", "a patch of one pixel has one value",
                   "choose a larger patch, or another kind of bank"};
  }
  if (params.features < dimension) return std::nullopt;
  return Problem{
      "features = " + std::to_string(params.features) + " is not below the " + std::to_string(dimension) +
          " values of a patch",
      "patch = " + std::to_string(shape.patch) + ", " + std::to_string(images->channels) + " channels",
      "choose 1 to " + std::to_string(dimension - 1) + ", or a larger patch"};
}

}  // namespace shallows
