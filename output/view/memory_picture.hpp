// The rows of a memory network as a picture: one band for each class, its most used rows first.
#pragma once

#include <cstddef>

#include "output/h5/h5.hpp"
#include "output/plot/png.hpp"

namespace shallows {

/// Of a run file or checkpoint; the first `per_class` rows of each class by their counters, each as bright as
/// its values, from 0 to 1 where they lie there, else from its least to its largest. With channel voting the
/// channels' memories follow each other. Throws Error (configuration) if the file holds no memory, or one of
/// receptive-field responses.
Picture memory_picture(const h5::File& file, std::size_t per_class);

}  // namespace shallows
