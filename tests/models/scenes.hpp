// Small images and networks for the tests of the models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "encoders/image.hpp"
#include "models/presentation.hpp"
#include "models/spiking/spiking_network.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

inline constexpr ImageShape kScene{.height = 12, .width = 12};
inline constexpr std::size_t kSceneClasses = 10;

/// Images of ten classes: noise on a pattern of bright pixels per class. Their mean is set.
inline ImageSet random_images(std::size_t count, std::uint64_t index) {
  Rng patterns(81, Purpose::tests, 0);
  std::vector<bool> bright(kSceneClasses * kScene.pixels());
  for (auto&& pixel : bright) pixel = patterns.uniform() < 0.25;
  Rng rng(82, Purpose::tests, index);
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::uint8_t>(rng.integer(kSceneClasses)));
    for (std::size_t j = 0; j < kScene.pixels(); ++j) {
      const std::uint32_t noise = rng.integer(60);
      pixels.push_back(
          static_cast<std::uint8_t>(bright[labels.back() * kScene.pixels() + j] ? 255 - noise : noise));
    }
  }
  ImageSet images(kScene, std::move(pixels), std::move(labels));
  images.set_mean(images.pixel_mean());
  return images;
}

inline std::vector<Presentation> presentations(const ImageSet& images, double learning_rate) {
  std::vector<Presentation> shown;
  for (std::size_t i = 0; i < images.size(); ++i)
    shown.push_back({images.image(i), images.label(i), learning_rate});
  return shown;
}

inline SpikingParams with_engine(EngineKind engine, Precision precision) {
  SpikingParams params;
  params.engine = engine;
  params.precision = precision;
  return params;
}

/// One set of parameters for each engine.
inline std::vector<SpikingParams> params_of_all_engines() {
  return {with_engine(EngineKind::fast, Precision::single_precision),
          with_engine(EngineKind::fast, Precision::double_precision),
          with_engine(EngineKind::reference, Precision::double_precision)};
}

inline ReceptiveFields scene_bank(std::size_t hidden) {
  return make_gabor_fields({}, {.size = hidden, .patch = 5, .scale = 40.0}, kScene, 3);
}

/// 12 x 12 pixels, `hidden` neurons with 5 x 5 Gabor patches, ten classes.
inline SpikingNetwork scene_network(const SpikingParams& params, std::size_t hidden = 150) {
  return {
      params, scene_bank(hidden),
      draw_thresholds(params.threshold, std::vector<std::size_t>{kScene.pixels(), hidden, kSceneClasses}, 3),
      3};
}

inline std::vector<Activity> learn_all(SpikingNetwork& network, const std::vector<Presentation>& shown) {
  std::vector<Activity> activities(shown.size());
  network.learn(shown, activities);
  return activities;
}

inline bool operator==(const NamedArray& a, const NamedArray& b) {
  return a.name == b.name && a.shape == b.shape && a.values == b.values;
}

inline bool operator==(const Activity& a, const Activity& b) {
  return a.trains == b.trains && a.synaptic_events == b.synaptic_events;
}

}  // namespace shallows
