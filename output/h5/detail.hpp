// What the parts of the HDF5 layer share. Not for use outside output/h5/.
#pragma once

#include <hdf5.h>

#include <string>

#include "output/h5/h5.hpp"

namespace shallows::h5::detail {

/// To be called before any HDF5 function of a public call: switches off HDF5's own printing of errors, which
/// it keeps per thread.
void begin();

/// What HDF5 says of the innermost cause of its last error.
std::string last_reason();

/// An id of the library, valid as long as the program.
hid_t memory_type(ElementType type);
/// The type in the file: little-endian on every machine.
hid_t file_type(ElementType type);
Handle enum_type(const Enumeration& members);

/// For people: "float64", "enum uint8 {train=0, test=1}", "string".
std::string describe_type(hid_t type);

Shape shape_of(hid_t space);

/// A property list for a new object that makes the groups on its way.
Handle link_creation();
Handle dataset_creation(const Shape& chunk, unsigned deflate);

}  // namespace shallows::h5::detail
