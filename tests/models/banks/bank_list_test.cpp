// What every bank of the list must keep: a new one is in all of these.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <set>
#include <string>

#include "models/banks/banks.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

constexpr ImageShape kShape{.height = 8, .width = 9, .channels = 3};
constexpr BankShape kBank{.size = 30, .patch = 4, .scale = 2.0};

ImageSet noise(std::size_t count) {
  Rng rng(93, Purpose::tests, 0);
  std::vector<std::uint8_t> pixels(count * kShape.pixels()), labels(count);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(rng.integer(256));
  ImageSet images(kShape, std::move(pixels), std::move(labels));
  images.set_mean(images.pixel_mean());
  return images;
}

/// Parameters as they are by default, but of a fit that is quick.
template <class Entry>
typename Entry::Params quick() {
  typename Entry::Params params;
  if constexpr (std::derived_from<typename Entry::Params, LearnedParams>) params.features = 5;
  if constexpr (requires { params.fit_updates; }) params.fit_updates = 500;
  return params;
}

template <class Entry>
std::optional<MadeBank> made(const ImageSet& images, std::uint64_t seed) {
  return Entry::make(quick<Entry>(), kBank, {.shape = kShape, .seed = seed, .images = &images});
}

TEST(Banks, HaveUniqueNamesALineAndValidDefaults) {
  std::set<std::string> names, abbreviations;
  for_each_entry(Banks(), [&]<class Entry>() {
    EXPECT_TRUE(names.insert(std::string(Entry::name)).second) << Entry::name;
    EXPECT_TRUE(abbreviations.insert(std::string(Entry::abbreviation)).second) << Entry::name;
    EXPECT_GT(Entry::about.size(), 10U) << Entry::name;
    for (const auto& field : Entry::Params::fields()) EXPECT_FALSE(field.meaning.empty()) << field.name;
    for (const Unit unit : {Unit::millivolt, Unit::none}) {
      auto params = quick<Entry>();
      BankShape shape = kBank;
      Entry::set_defaults(params, shape, unit);
      EXPECT_FALSE(Entry::problem(params, shape, &kShape).has_value()) << Entry::name;
      EXPECT_GT(shape.scale, 0.0) << Entry::name;
    }
  });
}

TEST(Banks, MakeWhatWasAskedFor) {
  const ImageSet images = noise(300);
  for_each_entry(Banks(), [&]<class Entry>() {
    SCOPED_TRACE(Entry::name);
    const auto bank = made<Entry>(images, 5);
    const bool makes = Entry::origin == BankOrigin::drawn || Entry::origin == BankOrigin::learned;
    ASSERT_EQ(bank.has_value(), makes);
    if (!makes) return;
    EXPECT_EQ(bank->bank.shape(), kShape);
    EXPECT_EQ(bank->bank.size(), kBank.size);
    EXPECT_EQ(bank->bank.patch(), kBank.patch);
    for (std::size_t i = 0; i < kBank.size; ++i) {
      EXPECT_LE(bank->bank.position(i).row + kBank.patch, kShape.height);
      EXPECT_LE(bank->bank.position(i).column + kBank.patch, kShape.width);
      const auto filter = bank->bank.filter(i);
      EXPECT_TRUE(std::ranges::all_of(filter, [](float weight) { return std::isfinite(weight); }));
      EXPECT_TRUE(std::ranges::any_of(filter, [](float weight) { return weight != 0.0F; }));
    }
  });
}

TEST(Banks, AreTheSameBitsForTheSameSeedAndOthersForAnother) {
  const ImageSet images = noise(300);
  for_each_entry(Banks(), [&]<class Entry>() {
    SCOPED_TRACE(Entry::name);
    const auto bank = made<Entry>(images, 5), again = made<Entry>(images, 5), other = made<Entry>(images, 6);
    if (!bank) return;
    EXPECT_TRUE(std::ranges::equal(bank->bank.filters(), again->bank.filters()));
    EXPECT_TRUE(std::ranges::equal(bank->bank.positions(), again->bank.positions()));
    EXPECT_FALSE(std::ranges::equal(bank->bank.positions(), other->bank.positions()));
  });
}

}  // namespace
}  // namespace shallows
