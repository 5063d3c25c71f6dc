#include "models/banks/learned_fields.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "encoders/fixed_fields.hpp"
#include "models/banks/independent_components.hpp"
#include "models/banks/inhibited_populations.hpp"
#include "models/banks/principal_components.hpp"
#include "models/banks/sparse_coding.hpp"
#include "sim/core/error.hpp"
#include "sim/core/rng.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {
namespace {

constexpr std::size_t kLargestImageCovariance = std::size_t{1} << 29U;  // bytes
constexpr std::size_t kLargestCovariance = std::size_t{4} << 30U;
constexpr std::size_t kFigureSamples = 2000;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

std::size_t covariance_bytes(std::size_t dimension) { return dimension * dimension * sizeof(double); }

/// What one population learned: `features` rows, and what the figures are made of.
struct Population {
  Matrix filters;
  std::vector<float> lateral = {};  ///< [from][to], of sparse coding, and so are these
  std::vector<float> thresholds = {};
  double explained = 0.0;
  double total = 0.0;
  double steps = 0.0;
  double converged = 0.0;
  CodeFigures code = {};
};

class Fit {
 public:
  Fit(const FixedFieldsParams& fields, const LearnedParams& params, const ImageSet& images,
      std::uint64_t seed, const FitProgress& progress)
      : fields_(fields),
        params_(params),
        images_(images),
        seed_(seed),
        positions_(draw_positions()),
        whole_image_(needs_covariance() && prefers_whole_image()),
        monitor_(work(), progress) {}

  std::optional<LearnedFields> run() {
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
    return LearnedFields{assemble(populations), figures(populations)};
  }

 private:
  bool needs_covariance() const {
    return fields_.kind == FieldKind::ica ||
           (fields_.kind == FieldKind::pca && params_.pca_rule == PcaRule::batch);
  }

  std::size_t images() const {
    return params_.fit_images == 0 ? images_.size()
                                   : std::min<std::size_t>(params_.fit_images, images_.size());
  }

  std::size_t dimension() const { return images_.shape().channels * fields_.patch * fields_.patch; }

  /// Overlapping patches share most of the products, so the covariance of the image is often the cheapest
  /// way.
  bool prefers_whole_image() const {
    const std::size_t pixels = images_.shape().pixels();
    return covariance_bytes(pixels) <= kLargestImageCovariance &&
           pixels * pixels <= positions_.size() * dimension() * dimension();
  }

  /// Steps that the monitor counts: samples summed, updates made, FastICA steps at most.
  std::uint64_t work() const {
    const std::uint64_t populations = positions_.size();
    std::uint64_t steps = 0;
    if (needs_covariance()) steps += images() * (whole_image_ ? 1 : populations);
    if (fields_.kind == FieldKind::ica && params_.ica_rule == IcaRule::fast_ica)
      return steps + populations * params_.ica_steps;
    if (fields_.kind == FieldKind::pca && params_.pca_rule == PcaRule::batch) return steps + populations;
    return steps + populations * params_.updates;
  }

  std::vector<PatchPosition> draw_positions() const {
    Rng rng(seed_, Purpose::learned_field_position, 0);
    const std::size_t last = params_.places == PatchPlaces::without_last ? 0 : 1;
    const auto offset = [&](std::size_t side) {
      const std::size_t places = std::max<std::size_t>(1, side - fields_.patch + last);
      return static_cast<std::uint16_t>(rng.integer(static_cast<std::uint32_t>(places)));
    };
    std::vector<PatchPosition> drawn, ordered;
    for (std::size_t i = 0; i < fields_.size / params_.features; ++i) {
      const std::uint16_t row = offset(images_.shape().height);
      const std::uint16_t column = offset(images_.shape().width);
      drawn.push_back({row, column});
    }
    for (const std::size_t i : locality_order(drawn)) ordered.push_back(drawn[i]);
    return ordered;
  }

  std::vector<std::uint32_t> pixels_of(std::size_t population) const {
    const ReceptiveFields window(images_.shape(), fields_.patch, {positions_[population]},
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
    if (fields_.kind == FieldKind::sparse) return learn_sparse(samples, i);
    if (!needs_covariance()) {
      const Rng rng(seed_, Purpose::online_components, i);
      return {.filters = online_components(samples, params_.features, params_, rng, monitor_)};
    }
    const Matrix products = covariance_of(samples, pixels);
    if (monitor_.stopped()) return {};
    PrincipalComponents components = principal_components(products, params_.features);
    Population population;
    population.total = components.total_variance;
    population.explained = std::accumulate(components.variances.begin(), components.variances.end(), 0.0);
    if (fields_.kind == FieldKind::ica) {
      learn_independent(samples, components, i, population);
    } else {
      population.filters = std::move(components.vectors);
      monitor_.advance(1);
    }
    return population;
  }

  void learn_independent(const Samples& samples, const PrincipalComponents& components, std::size_t i,
                         Population& population) {
    const auto live =
        static_cast<std::size_t>(std::count_if(components.variances.begin(), components.variances.end(),
                                               [](double variance) { return variance > 0.0; }));
    population.filters = Matrix::Zero(index(params_.features), index(samples.dimension));
    if (live == 0) {
      monitor_.advance(params_.ica_rule == IcaRule::fast_ica ? params_.ica_steps : params_.updates);
      return;
    }
    const PrincipalComponents kept{
        .vectors = components.vectors.topRows(index(live)),
        .variances = {components.variances.begin(),
                      components.variances.begin() + static_cast<std::ptrdiff_t>(live)}};
    const Samples white = whitened(samples, kept);
    const Rng rng(seed_, Purpose::independent_components, i);
    const IndependentComponents found = params_.ica_rule == IcaRule::fast_ica
                                            ? fast_ica(white, params_.ica_steps, rng, monitor_)
                                            : nonlinear_hebb(white, params_, rng, monitor_);
    Matrix whitening = kept.vectors;
    for (std::size_t k = 0; k < live; ++k) {
      whitening.row(index(k)) /= std::sqrt(kept.variances[k] + params_.variance_floor);
    }
    population.filters.topRows(index(live)) = found.unmixing * whitening;
    population.steps = static_cast<double>(found.steps);
    population.converged = found.converged ? 1.0 : 0.0;
  }

  Population learn_sparse(const Samples& samples, std::size_t i) {
    const Rng rng(seed_, Purpose::sparse_coding, i);
    SparseCoder coder = learn_sparse_code(samples, params_.features, params_, rng, monitor_);
    Population population{.filters = coder.weights()};
    const auto append = [](std::span<const double> values, std::vector<float>& out) {
      for (const double value : values) out.push_back(static_cast<float>(value));
    };
    append({coder.lateral().data(), params_.features * params_.features}, population.lateral);
    append(coder.thresholds(), population.thresholds);
    population.code = code_figures(std::move(coder), samples, kFigureSamples);
    return population;
  }

  ReceptiveFields assemble(const std::vector<Population>& populations) const {
    std::vector<PatchPosition> positions;
    std::vector<float> filters;
    filters.reserve(fields_.size * dimension());
    for (std::size_t i = 0; i < populations.size(); ++i) {
      positions.insert(positions.end(), params_.features, positions_[i]);
      const Matrix& learned = populations[i].filters;
      std::transform(learned.data(), learned.data() + learned.size(), std::back_inserter(filters),
                     [](double weight) { return static_cast<float>(weight); });
    }
    std::optional<LateralInhibition> inhibition;
    if (fields_.kind == FieldKind::sparse) inhibition = assemble_inhibition(populations);
    return {images_.shape(), fields_.patch, std::move(positions), std::move(filters), std::move(inhibition)};
  }

  LateralInhibition assemble_inhibition(const std::vector<Population>& populations) const {
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
    if (needs_covariance()) {
      const double total = mean([](const Population& p) { return p.total; });
      const double explained = mean([](const Population& p) { return p.explained; });
      result.push_back({"explained_variance", total > 0.0 ? explained / total : 0.0});
    }
    if (fields_.kind == FieldKind::ica && params_.ica_rule == IcaRule::fast_ica) {
      result.push_back({"steps", mean([](const Population& p) { return p.steps; })});
      result.push_back({"converged", mean([](const Population& p) { return p.converged; })});
    }
    if (fields_.kind == FieldKind::sparse) {
      result.push_back({"explained_variance", mean([](const Population& p) { return p.code.explained; })});
      result.push_back({"active", mean([](const Population& p) { return p.code.active; })});
      result.push_back({"unsettled", mean([](const Population& p) { return p.code.unsettled; })});
    }
    return result;
  }

  const FixedFieldsParams& fields_;
  const LearnedParams& params_;
  const ImageSet& images_;
  std::uint64_t seed_;
  std::vector<PatchPosition> positions_;
  bool whole_image_;
  FitMonitor monitor_;
  Matrix image_covariance_;
};

struct Responses {
  double largest = 0.0;
  double rms = 0.0;
  double mean_magnitude = 0.0;
};

Responses measure_responses(const ReceptiveFields& bank, HiddenInhibition dynamics, const ImageSet& images) {
  constexpr std::size_t kBatch = 256;
  const PackedSynapses<float> fields(to_synapses(bank), std::vector<double>(bank.size(), 1.0));
  std::optional<InhibitedPopulations> inhibited;
  if (dynamics != HiddenInhibition::none) inhibited.emplace(*bank.inhibition(), dynamics);
  const std::size_t pixels = images.shape().pixels();
  AlignedVector<float> shown, answers;
  double largest = 0.0, squares = 0.0, magnitudes = 0.0;
  for (std::size_t first = 0; first < images.size(); first += kBatch) {
    const std::size_t count = std::min(kBatch, images.size() - first);
    shown.resize(count * pixels);
    answers.resize(count * fields.padded_targets());
    for (std::size_t k = 0; k < count; ++k) {
      images.image(first + k).centered(std::span(shown).subspan(k * pixels, pixels));
    }
    fields.multiply_many(shown, answers);
    const auto answers_to = [&](std::size_t k) {
      return std::span(answers).subspan(k * fields.padded_targets(), bank.size());
    };
    if (inhibited)
      tbb::parallel_for(std::size_t{0}, count, [&](std::size_t k) { inhibited->respond(answers_to(k)); });
    for (std::size_t k = 0; k < count; ++k) {
      for (const float answer : answers_to(k)) {
        largest = std::max(largest, static_cast<double>(answer));
        squares += static_cast<double>(answer) * static_cast<double>(answer);
        magnitudes += std::abs(static_cast<double>(answer));
      }
    }
  }
  const double answers_in_all = static_cast<double>(images.size()) * static_cast<double>(bank.size());
  return {.largest = largest,
          .rms = std::sqrt(squares / answers_in_all),
          .mean_magnitude = magnitudes / answers_in_all};
}

double mean_l1(const ReceptiveFields& bank) {
  double l1 = 0.0;
  for (const float weight : bank.filters()) l1 += std::abs(static_cast<double>(weight));
  return l1 / static_cast<double>(bank.size() * bank.shape().channels);
}

/// The L1 norm of Gabor filters that drive as many neurons as strongly.
double equivalent_gabor_scale(const ReceptiveFields& bank, HiddenInhibition dynamics,
                              const ImageSet& images) {
  constexpr std::size_t kImages = 1000;
  constexpr std::uint64_t kSeed = 1;
  const ImageSet shown = images.slice(0, std::min(kImages, images.size()));
  const FixedFieldsParams params{
      .kind = FieldKind::gabor, .size = bank.size(), .patch = bank.patch(), .scale = 1.0};
  const ReceptiveFields gabors = make_fixed_fields(params, bank.shape(), kSeed);
  return measure_responses(bank, dynamics, shown).mean_magnitude /
         measure_responses(gabors, HiddenInhibition::none, shown).mean_magnitude;
}

double measure(const ReceptiveFields& bank, FieldScale scale_by, HiddenInhibition dynamics,
               const ImageSet& images) {
  switch (scale_by) {
    case FieldScale::largest:
      return measure_responses(bank, dynamics, images).largest;
    case FieldScale::rms:
      return measure_responses(bank, dynamics, images).rms;
    case FieldScale::l1:
      return mean_l1(bank);
    case FieldScale::gabor_drive:
      return equivalent_gabor_scale(bank, dynamics, images);
    case FieldScale::as_is:
      return 1.0;
  }
  return 0.0;  // not reached: every enumerator returns above
}

}  // namespace

std::optional<LearnedFields> learn_fields(const FixedFieldsParams& fields, const LearnedParams& params,
                                          const ImageSet& images, std::uint64_t seed,
                                          const FitProgress& progress) {
  assert(is_learned(fields.kind) && !images.empty());
  assert(params.features >= 1 && fields.size % params.features == 0);
  const std::size_t dimension = images.shape().channels * fields.patch * fields.patch;
  const bool batch =
      fields.kind == FieldKind::ica || (fields.kind == FieldKind::pca && params.pca_rule == PcaRule::batch);
  if (batch && covariance_bytes(dimension) > kLargestCovariance) {
    throw Error(
        ErrorKind::configuration,
        "hidden.patch = " + std::to_string(fields.patch) +
            " is too large for a batch fit (its covariance takes " +
            std::to_string(covariance_bytes(dimension) >> 30U) +
            " GiB); choose a smaller patch, or hidden.kind = \"pca\" with hidden.pca_rule = \"sanger\"");
  }
  return Fit(fields, params, images, seed, progress).run();
}

ReceptiveFields scaled_fields(const ReceptiveFields& bank, FieldScale scale_by, double scale,
                              HiddenInhibition dynamics, const ImageSet& images) {
  assert(dynamics == HiddenInhibition::none || bank.inhibition());
  const double measured = measure(bank, scale_by, dynamics, images);
  if (!(measured > 0.0) || !std::isfinite(measured)) {
    throw Error(ErrorKind::network,
                "the bank can't be scaled (its filters answer nothing, or nothing finite, to the images that "
                "its scale is measured on); check the images and the fit");
  }
  const auto rescale = [&](std::vector<float>& values) {
    for (float& value : values) value = static_cast<float>(static_cast<double>(value) * scale / measured);
  };
  std::vector<float> filters(bank.filters().begin(), bank.filters().end());
  rescale(filters);
  std::optional<LateralInhibition> inhibition = bank.inhibition();
  if (inhibition) rescale(inhibition->thresholds);
  return {bank.shape(),
          bank.patch(),
          {bank.positions().begin(), bank.positions().end()},
          std::move(filters),
          std::move(inhibition)};
}

}  // namespace shallows
