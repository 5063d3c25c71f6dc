#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <random>

#include "output/h5/detail.hpp"
#include "output/h5/disk/descriptor.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

/// Overflow of an integer in a conversion ends the read; HDF5 would put the nearest value.
H5T_conv_ret_t refuse_overflow(H5T_conv_except_t what, hid_t, hid_t, void*, void*, void*) {
  const bool overflow = what == H5T_CONV_EXCEPT_RANGE_HI || what == H5T_CONV_EXCEPT_RANGE_LOW;
  return overflow ? H5T_CONV_ABORT : H5T_CONV_UNHANDLED;
}

std::uint64_t values_in(const Shape& shape) {
  std::uint64_t values = 1;
  for (const std::uint64_t extent : shape) {
    if (extent != 0 && values > std::numeric_limits<std::uint64_t>::max() / extent) {
      return std::numeric_limits<std::uint64_t>::max();
    }
    values *= extent;
  }
  return values;
}

bool convertible(hid_t stored, ElementType wanted) {
  const hid_t target = detail::memory_type(wanted);
  const H5T_class_t stored_class = H5Tget_class(stored);
  if (H5Tget_class(target) == H5T_FLOAT) {
    return stored_class == H5T_FLOAT && H5Tget_size(stored) <= H5Tget_size(target);
  }
  return stored_class == H5T_INTEGER || stored_class == H5T_ENUM;
}

}  // namespace

Handle File::open_dataset(const std::string& dataset) const {
  detail::begin();
  if (!contains(dataset)) {
    throw Error(ErrorKind::data,
                fmt::format("{} has no dataset {} (it was written by another program or "
                            "version, or is damaged); see what it holds with 'shallows inspect'",
                            path_, dataset));
  }
  Handle opened(H5Dopen2(handle_.id(), dataset.c_str(), H5P_DEFAULT), H5Dclose);
  if (!opened.valid()) fail_reading("dataset " + dataset);
  return opened;
}

Shape File::shape(const std::string& dataset) const {
  const Handle opened = open_dataset(dataset);
  const Handle space(H5Dget_space(opened.id()), H5Sclose);
  if (!space.valid()) fail_reading("dataset " + dataset);
  return detail::shape_of(space.id());
}

DatasetInfo File::info(const std::string& dataset) const {
  const Handle opened = open_dataset(dataset);
  const Handle type(H5Dget_type(opened.id()), H5Tclose);
  if (!type.valid()) fail_reading("dataset " + dataset);
  return {shape(dataset), detail::describe_type(type.id())};
}

void File::write_raw(const std::string& dataset, ElementType type, const void* values, std::size_t count,
                     const Shape& shape, const Storage& storage) {
  assert(values_in(shape) == count);
  assert(storage.chunk.empty() || storage.chunk.size() == shape.size());
  static_cast<void>(count);
  detail::begin();
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle space(extents.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                     H5Sclose);
  const Handle creation = detail::dataset_creation(storage.chunk, storage.deflate);
  const Handle links = detail::link_creation();
  const Handle created(H5Dcreate2(handle_.id(), dataset.c_str(), detail::file_type(type), space.id(),
                                  links.id(), creation.id(), H5P_DEFAULT),
                       H5Dclose);
  if (!created.valid() ||
      H5Dwrite(created.id(), detail::memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    fail_writing("dataset " + dataset);
  }
  throw_if_failed();
}

std::uint64_t File::stamp(const std::string& dataset) {
  std::random_device random;
  const std::uint64_t id = std::uint64_t{random()} << 32U | random();
  write(dataset, std::vector<std::uint64_t>{id, 0});
  const Handle opened = open_dataset(dataset);
  const haddr_t place = H5Dget_offset(opened.id());
  if (place == HADDR_UNDEF) fail_writing("dataset " + dataset);
  descriptor_->set_stamp({.place = place, .id = id, .settled = 0});
  return id;
}

std::size_t File::checked_size(const std::string& dataset, const Shape& expected) const {
  const Handle opened = open_dataset(dataset);
  const Handle type(H5Dget_type(opened.id()), H5Tclose);
  const Shape found = shape(dataset);
  if (found != expected) {
    throw Error(ErrorKind::data,
                fmt::format("dataset {} of {} has the wrong shape ([{}] instead of [{}]); the "
                            "file belongs to another network or is damaged",
                            dataset, path_, fmt::join(found, ", "), fmt::join(expected, ", ")));
  }
  const std::uint64_t values = values_in(found);
  // Deflate shrinks by a factor of 1032 at most: a file that claims more would only exhaust the memory.
  constexpr std::uint64_t most_compression = 1100;
  if (values >
      most_compression * (descriptor_->size() + 1) / std::max<std::size_t>(H5Tget_size(type.id()), 1)) {
    throw Error(ErrorKind::data,
                fmt::format("dataset {} of {} is too large to read (shape [{}]); the file is "
                            "damaged",
                            dataset, path_, fmt::join(found, ", ")));
  }
  return static_cast<std::size_t>(values);
}

std::size_t File::checked_rows(const std::string& dataset, std::uint64_t first, std::uint64_t count) const {
  const Shape found = shape(dataset);
  if (found.empty() || count > found[0] || first > found[0] - count) {
    throw Error(ErrorKind::data,
                fmt::format("dataset {} of {} is too short (shape [{}], rows {} to {} wanted); the "
                            "file is damaged",
                            dataset, path_, fmt::join(found, ", "), first, first + count));
  }
  Shape wanted = found;
  wanted[0] = count;
  return static_cast<std::size_t>(values_in(wanted));
}

void File::read_raw(const std::string& dataset, ElementType type, void* values, std::uint64_t first,
                    std::uint64_t count) const {
  const Handle opened = open_dataset(dataset);
  const Handle stored(H5Dget_type(opened.id()), H5Tclose);
  if (!convertible(stored.id(), type)) {
    throw Error(ErrorKind::data,
                fmt::format("dataset {} of {} has the wrong type ({}, which can't be read as {}); "
                            "the file was written by another program or is damaged",
                            dataset, path_, detail::describe_type(stored.id()),
                            detail::describe_type(detail::memory_type(type))));
  }
  const Handle space(H5Dget_space(opened.id()), H5Sclose);
  const Shape shape = detail::shape_of(space.id());
  if (values_in(shape) == 0 || count == 0) return;

  const Handle transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  H5Pset_type_conv_cb(transfer.id(), refuse_overflow, nullptr);
  Handle memory;
  if (!shape.empty()) {
    std::vector<hsize_t> start(shape.size(), 0);
    std::vector<hsize_t> extents(shape.begin(), shape.end());
    start[0] = first;
    extents[0] = count;
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, extents.data(), nullptr);
    memory = Handle(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose);
  }
  if (H5Dread(opened.id(), detail::memory_type(type), memory.valid() ? memory.id() : H5S_ALL,
              memory.valid() ? space.id() : H5S_ALL, transfer.id(), values) < 0) {
    fail_reading("dataset " + dataset);
  }
}

}  // namespace shallows::h5
