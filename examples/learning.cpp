// A spiking network learns to tell rows from columns: pixels become spikes, Gabor filters are the synapses of
// its hidden layer, and the synapses of its readout learn whenever a spike arrives.
#include <cstdio>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "models/spiking/spiking_network.hpp"
#include "sim/core/rng.hpp"

namespace {

using namespace shallows;

constexpr ImageShape kShape{.height = 10, .width = 10};
constexpr std::size_t kHidden = 200, kClasses = 2;
constexpr std::uint64_t kSeed = 1;

/// Bright rows (class 0) or columns (class 1) in noise.
ImageSet draw_images(std::size_t count, std::uint64_t index) {
  Rng rng(kSeed, Purpose::tests, index);
  std::vector<std::uint8_t> pixels, labels;
  for (std::size_t n = 0; n < count; ++n) {
    labels.push_back(static_cast<std::uint8_t>(rng.integer(kClasses)));
    const std::size_t at = rng.integer(10);
    for (std::size_t pixel = 0; pixel < kShape.pixels(); ++pixel) {
      const bool bright = at == (labels.back() == 0 ? pixel / 10 : pixel % 10);
      pixels.push_back(static_cast<std::uint8_t>(rng.integer(100) + (bright ? 150 : 0)));
    }
  }
  return {kShape, pixels, labels};
}

/// Percent of images that the network answers with their class.
double accuracy(const SpikingNetwork& network, const ImageSet& images) {
  std::size_t right = 0;
  Activity activity;
  for (std::size_t n = 0; n < images.size(); ++n)
    right += network.respond(images.image(n), activity).predicted == images.label(n) ? 1 : 0;
  return 100.0 * static_cast<double>(right) / static_cast<double>(images.size());
}

}  // namespace

int main() {
  ImageSet train = draw_images(1000, 0), test = draw_images(200, 1);
  train.set_mean(train.pixel_mean());
  test.set_mean(train.pixel_mean());

  const SpikingParams params;
  const ReceptiveFields bank =
      make_gabor_fields({}, {.size = kHidden, .patch = 5, .scale = 40.0}, kShape, kSeed);
  const std::vector<std::size_t> sizes = {kShape.pixels(), kHidden, kClasses};
  SpikingNetwork network(params, bank, draw_thresholds(params.threshold, sizes, kSeed), kSeed);
  std::printf("before: %.1f %% of the test images\n", accuracy(network, test));

  std::vector<Presentation> shown;
  for (std::size_t n = 0; n < train.size(); ++n) shown.push_back({train.image(n), train.label(n), 1e-2});
  std::vector<Activity> activities(shown.size());
  network.learn(shown, activities);
  const Activity& last = activities.back();
  std::printf("the last image made %zu input, %zu hidden and %zu readout spikes\n", last.input().size(),
              last.hidden().size(), last.readout().size());
  std::printf("after:  %.1f %% of the test images\n", accuracy(network, test));
}
