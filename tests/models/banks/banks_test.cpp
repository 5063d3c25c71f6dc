#include "models/banks/banks.hpp"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "models/banks/field_scale.hpp"
#include "models/banks/learning/principal_components.hpp"
#include "models/spiking/spiking_network.hpp"
#include "sim/core/error.hpp"
#include "sim/core/rng.hpp"
#include "tests/models/banks/feature_scenes.hpp"

namespace shallows {
namespace {

constexpr ImageShape kColour{.height = 8, .width = 9, .channels = 3};

/// Blurred noise in three channels, dark in the last `dark` columns.
ImageSet colour_images(std::size_t count, std::size_t dark = 0) {
  Rng rng(94, Purpose::tests, 0);
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  for (std::size_t n = 0; n < count; ++n) {
    labels.push_back(static_cast<std::uint8_t>(rng.integer(3)));
    for (std::size_t j = 0; j < kColour.pixels(); ++j) {
      const std::uint32_t before = j > 0 ? pixels.back() : 0;
      const bool is_dark = j % kColour.width + dark >= kColour.width;
      pixels.push_back(is_dark ? std::uint8_t{0}
                               : static_cast<std::uint8_t>((before + rng.integer(256)) / 2));
    }
  }
  ImageSet images(kColour, std::move(pixels), std::move(labels));
  images.set_mean(images.pixel_mean());
  return images;
}

template <class Params>
Params params(std::size_t features) {
  Params result;
  result.features = features;
  result.fit_updates = 2500;
  result.fit_rate = 0.05;
  return result;
}

std::optional<MadeBank> learn(const BankChoice& bank, std::size_t size, std::size_t patch,
                              const ImageSet& images, std::uint64_t seed = 5, FitProgress progress = {}) {
  return make_fields(
      bank, {.size = size, .patch = patch},
      {.shape = images.shape(), .seed = seed, .images = &images, .progress = std::move(progress)});
}

double figure(const MadeBank& learned, const std::string& name) {
  for (const FitFigure& found : learned.figures) {
    if (found.name == name) return found.value;
  }
  ADD_FAILURE() << "no figure " << name;
  return 0.0;
}

bool same_bits(const ReceptiveFields& a, const ReceptiveFields& b) {
  return std::ranges::equal(a.positions(), b.positions()) && std::ranges::equal(a.filters(), b.filters()) &&
         a.inhibition() == b.inhibition();
}

/// Every learner.
std::vector<BankChoice> learners() {
  auto sanger = params<PcaParams>(5), oja = sanger;
  sanger.pca_rule = OnlineSanger::Params{};
  oja.pca_rule = OnlineOja::Params{};
  auto online = params<IcaParams>(5), unrotated = online;
  online.ica_rule = OnlineNonlinearHebb::Params{};
  unrotated.ica_steps = 0;
  auto foldiak = params<SparseParams>(5);
  foldiak.sparse_rule = FoldiakRule::Params{};
  return {params<PcaParams>(5),
          params<IcaParams>(5),
          params<SparseParams>(5),
          sanger,
          oja,
          online,
          unrotated,
          foldiak};
}

LearnedParams& learned_of(BankChoice& bank) { return static_cast<LearnedParams&>(*measured_params(bank)); }

TEST(LearnedBanks, AreTheSameBitsForAnyNumberOfThreads) {
  const ImageSet images = colour_images(600);
  for (const BankChoice& bank_of : learners()) {
    std::vector<ReceptiveFields> banks;
    for (const std::size_t threads : {1U, 2U, 4U}) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      banks.push_back(learn(bank_of, 40, 3, images)->bank);
    }
    EXPECT_TRUE(same_bits(banks[0], banks[1])) << bank_of.index();
    EXPECT_TRUE(same_bits(banks[0], banks[2])) << bank_of.index();
    const ReceptiveFields other = learn(bank_of, 40, 3, images, 6)->bank;
    EXPECT_FALSE(same_bits(banks[0], other)) << "the seed matters";
  }
}

TEST(LearnedBanks, ShareAPatchWithinAPopulation) {
  const ImageSet images = colour_images(200);
  for (const BankChoice& bank_of : learners()) {
    const ReceptiveFields bank = learn(bank_of, 200, 4, images)->bank;
    ASSERT_EQ(bank.size(), 200U);
    EXPECT_EQ(bank.filter_size(), 48U);
    bool last_row = false;
    for (std::size_t i = 0; i < 200; ++i) {
      EXPECT_EQ(bank.position(i), bank.position(i / 5 * 5));
      EXPECT_LE(bank.position(i).row, 4);
      EXPECT_LE(bank.position(i).column, 5);
      last_row = last_row || bank.position(i).row == 4;
      EXPECT_TRUE(std::ranges::all_of(bank.filter(i), [](float w) { return std::isfinite(w); }));
    }
    EXPECT_TRUE(last_row);
  }
}

TEST(LearnedBanks, LeaveOutTheLastPlacesAsReleasedOnRequest) {
  const ImageSet images = colour_images(50);
  auto released = params<PcaParams>(2);
  released.places = PatchPlaces::without_last;
  const ReceptiveFields bank = learn(released, 200, 4, images)->bank;
  for (const PatchPosition position : bank.positions()) {
    EXPECT_LE(position.row, 3);
    EXPECT_LE(position.column, 4);
  }
  EXPECT_NO_THROW(learn(released, 2, 8, images));
}

/// Whether the covariance is cut out of the image's or summed for the patch, the components are those of the
/// patch.
TEST(LearnedBanks, ArePrincipalComponentsOfTheirOwnPatch) {
  const ImageSet images = colour_images(700);
  for (const std::size_t populations : {1U, 30U}) {
    const MadeBank learned = *learn(params<PcaParams>(4), 4 * populations, 3, images);
    const ReceptiveFields& bank = learned.bank;
    for (std::size_t p = 0; p < populations; ++p) {
      Matrix rows(700, 27);
      std::vector<float> pixels(kColour.pixels());
      for (std::size_t n = 0; n < 700; ++n) {
        images.image(n).centered(pixels);
        for (std::size_t k = 0; k < 27; ++k) {
          rows(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(k)) =
              static_cast<double>(pixels[bank.pixel(4 * p, k)]);
        }
      }
      const PrincipalComponents plain = principal_components(rows.transpose() * rows / 700.0, 4);
      for (std::size_t f = 0; f < 4; ++f) {
        for (std::size_t k = 0; k < 27; ++k) {
          EXPECT_NEAR(static_cast<double>(bank.filter(4 * p + f)[k]),
                      plain.vectors(static_cast<Eigen::Index>(f), static_cast<Eigen::Index>(k)), 1e-4);
        }
      }
    }
    EXPECT_GT(figure(learned, "explained_variance"), 0.2);
    EXPECT_LT(figure(learned, "explained_variance"), 1.0);
  }
}

TEST(LearnedBanks, LearnFromTheFirstImagesOnlyOnRequest) {
  const ImageSet images = colour_images(300);
  for (BankChoice bank_of : learners()) {
    learned_of(bank_of).fit_images = 100;
    const ReceptiveFields part = learn(bank_of, 10, 3, images)->bank;
    ImageSet first = images.slice(0, 100);
    learned_of(bank_of).fit_images = 0;
    EXPECT_TRUE(same_bits(part, learn(bank_of, 10, 3, first)->bank));
  }
}

TEST(LearnedBanks, AreSilentWhereTheImagesAlwaysAreDark) {
  const ImageSet images = colour_images(300, 5);
  for (const BankChoice& bank_of : {BankChoice(params<PcaParams>(5)), BankChoice(params<IcaParams>(5))}) {
    std::uint64_t last = 0, all = 1;
    const auto watch = [&](std::uint64_t done, std::uint64_t total) {
      last = done;
      all = total;
      return true;
    };
    const MadeBank learned = *learn(bank_of, 300, 3, images, 5, watch);
    EXPECT_EQ(last, all);
    double zeros = 0.0;
    for (std::size_t i = 0; i < 300; ++i) {
      const auto filter = learned.bank.filter(i);
      const bool zero = std::ranges::all_of(filter, [](float w) { return w == 0.0F; });
      const bool in_the_dark = learned.bank.position(i).column >= 4;
      EXPECT_TRUE(zero || !in_the_dark);
      EXPECT_FALSE(zero && learned.bank.position(i).column <= 1);
      EXPECT_TRUE(std::ranges::all_of(filter, [](float w) { return std::isfinite(w); }));
      zeros += zero ? 1.0 : 0.0;
    }
    EXPECT_GT(zeros, 0.0);
    EXPECT_EQ(figure(learned, "silent_filters"), zeros);
  }
}

TEST(LearnedBanks, StopWhenTheirProgressSaysSo) {
  const ImageSet images = colour_images(2000);
  for (const BankChoice& bank_of : learners()) {
    std::uint64_t calls = 0;
    const auto stop = [&](std::uint64_t, std::uint64_t) { return ++calls < 2; };
    EXPECT_FALSE(learn(bank_of, 40, 3, images, 5, stop).has_value());
    std::uint64_t last = 0, all = 1;
    const auto watch = [&](std::uint64_t done, std::uint64_t total) {
      EXPECT_GE(done, last);
      last = done;
      all = total;
      return true;
    };
    EXPECT_TRUE(learn(bank_of, 40, 3, images, 5, watch).has_value());
    EXPECT_EQ(last, all) << "progress ends at 100 %: " << bank_of.index();
  }
}

TEST(LearnedBanks, OfIndependentComponentsTakeTheStepsAskedForAndKeepThePatchesWhite) {
  const ImageSet images = colour_images(300);
  std::vector<ReceptiveFields> banks;
  for (const std::uint64_t steps : {0U, 1U, 2U}) {
    auto some = params<IcaParams>(5);
    some.ica_steps = steps;
    MadeBank learned = *learn(some, 10, 3, images);
    EXPECT_EQ(figure(learned, "steps"), static_cast<double>(steps));
    for (const ReceptiveFields& other : banks) EXPECT_FALSE(same_bits(other, learned.bank)) << steps;
    // A rotation leaves the responses to the images at mean 0, variance 1 and uncorrelated.
    Matrix moments = Matrix::Zero(5, 5);
    std::vector<float> pixels(kColour.pixels());
    std::vector<double> answers(learned.bank.size());
    for (std::size_t n = 0; n < images.size(); ++n) {
      images.image(n).centered(pixels);
      learned.bank.apply(pixels, answers);
      const Eigen::Map<const Eigen::VectorXd> first_patch(answers.data(), 5);
      moments += first_patch * first_patch.transpose() / static_cast<double>(images.size());
    }
    EXPECT_LT((moments - Matrix::Identity(5, 5)).cwiseAbs().maxCoeff(), 1e-3) << steps;
    banks.push_back(std::move(learned.bank));
  }
}

TEST(LearnedBanks, RefuseACovarianceThatDoesNotFitIntoMemory) {
  constexpr ImageShape kLarge{.height = 200, .width = 200};
  const ImageSet images(kLarge, std::vector<std::uint8_t>(kLarge.pixels()), {0});
  try {
    learn(params<IcaParams>(2), 2, 200, images);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::configuration);
    EXPECT_NE(std::string(error.what()).find("hidden.patch = 200"), std::string::npos);
  }
}

TEST(ScaledFields, HaveTheMeasureThatIsAskedFor) {
  const ImageSet images = colour_images(300);
  const ReceptiveFields bank = learn(params<PcaParams>(5), 40, 3, images)->bank;
  const auto answers = [&](const ReceptiveFields& scaled) {
    std::vector<double> all, one(scaled.size());
    std::vector<float> pixels(kColour.pixels());
    for (std::size_t n = 0; n < images.size(); ++n) {
      images.image(n).centered(pixels);
      scaled.apply(pixels, one);
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  };
  const std::vector<double> largest =
      answers(scaled_fields(bank, FieldScale::largest, 1.5, HiddenInhibition::none, images));
  EXPECT_NEAR(*std::ranges::max_element(largest), 1.5, 1e-4);
  double squares = 0.0;
  for (const double answer :
       answers(scaled_fields(bank, FieldScale::rms, 0.2, HiddenInhibition::none, images)))
    squares += answer * answer;
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(40 * images.size())), 0.2, 1e-5);
  const ReceptiveFields l1 = scaled_fields(bank, FieldScale::l1, 80.0, HiddenInhibition::none, images);
  double sum = 0.0;
  for (const float weight : l1.filters()) sum += std::abs(static_cast<double>(weight));
  EXPECT_NEAR(sum / (40.0 * 3.0), 80.0, 1e-3) << "as a bank of Gabors with that scale";
  const auto drive = [&](const ReceptiveFields& scaled) {
    double magnitudes = 0.0;
    for (const double answer : answers(scaled)) magnitudes += std::abs(answer);
    return magnitudes;
  };
  const ReceptiveFields gabors = make_gabor_fields({}, {.size = 40, .patch = 3, .scale = 25.0}, kColour, 1);
  const ReceptiveFields driving =
      scaled_fields(bank, FieldScale::gabor_drive, 25.0, HiddenInhibition::none, images);
  EXPECT_NEAR(drive(driving) / drive(gabors), 1.0, 1e-5);
  const double ratio = static_cast<double>(l1.filter(7)[3]) / static_cast<double>(bank.filter(7)[3]);
  EXPECT_NEAR(static_cast<double>(l1.filter(31)[5]) / static_cast<double>(bank.filter(31)[5]), ratio,
              1e-4 * ratio)
      << "one factor for all";
}

/// Fast and reference engine agree on colour images through learned weights, as they do on Gabors.
TEST(LearnedBanks, RunInASpikingNetworkInColour) {
  const ImageSet images = colour_images(300);
  for (const BankChoice& bank_of : {BankChoice(params<PcaParams>(5)), BankChoice(params<IcaParams>(5)),
                                    BankChoice(params<SparseParams>(5))}) {
    const ReceptiveFields raw = learn(bank_of, 40, 4, images)->bank;
    const ReceptiveFields bank = scaled_fields(raw, FieldScale::l1, 40.0, HiddenInhibition::none, images);
    std::vector<std::vector<float>> scores;
    std::vector<std::size_t> spikes;
    for (const EngineKind engine : {EngineKind::fast, EngineKind::reference}) {
      SpikingParams spiking;
      spiking.engine = engine;
      spiking.precision = Precision::double_precision;
      SpikingNetwork network(
          spiking, bank,
          draw_thresholds(spiking.threshold, std::vector<std::size_t>{kColour.pixels(), 40, 3}, 1), 1);
      EXPECT_EQ(network.inputs(), 8U * 9U * 3U);
      std::vector<Presentation> shown;
      for (std::size_t n = 0; n < 6; ++n) shown.push_back({images.image(n), images.label(n), 2e-3});
      std::vector<Activity> activities(shown.size());
      network.learn(shown, activities);
      for (const Activity& activity : activities) spikes.push_back(activity.hidden().size());
      Activity activity;
      scores.push_back(network.respond(images.image(7), activity).scores);
      EXPECT_GT(activity.hidden().size(), 100U);
    }
    EXPECT_EQ(scores[0], scores[1]);
    EXPECT_TRUE(std::equal(spikes.begin(), spikes.begin() + 6, spikes.begin() + 6));
  }
}

}  // namespace
}  // namespace shallows
