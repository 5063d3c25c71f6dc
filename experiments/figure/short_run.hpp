// Networks that are trained and tested in memory, for figures that take many of them.
#pragma once

#include "encoders/image.hpp"
#include "experiments/config.hpp"
#include "experiments/run/network.hpp"

namespace shallows {

/// Shows the images as config.training says, config.seed giving their order.
void train_on(Network& network, const Config& config, const ImageSet& images);

/// Percent of the images, of the first config.test_images of them if that is not 0.
double accuracy_on(const Network& network, const Config& config, const ImageSet& images);

}  // namespace shallows
