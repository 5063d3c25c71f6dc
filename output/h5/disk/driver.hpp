// The HDF5 virtual file driver that reads and writes through a Descriptor.
#pragma once

#include <cstdint>

#include "output/h5/h5.hpp"

namespace shallows::h5 {

/// A file access property list with the driver on `descriptor`, which must outlive the HDF5 file.
Handle access_through(Descriptor& descriptor);

}  // namespace shallows::h5
