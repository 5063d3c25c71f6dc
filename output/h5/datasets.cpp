#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <limits>
#include <random>

#include "output/h5/descriptor.hpp"
#include "output/h5/detail.hpp"
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

/// A property list for a new dataset that makes the groups on its way.
Handle link_creation() {
  Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.id(), 1);
  return links;
}

Handle dataset_creation(const Shape& chunk, unsigned deflate) {
  Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  // Modification times would make equal results differ.
  H5Pset_obj_track_times(creation.id(), 0);
  if (!chunk.empty()) {
    const std::vector<hsize_t> extents(chunk.begin(), chunk.end());
    H5Pset_chunk(creation.id(), static_cast<int>(extents.size()), extents.data());
    if (deflate > 0) {
      H5Pset_shuffle(creation.id());
      H5Pset_deflate(creation.id(), deflate);
    }
  }
  return creation;
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
  const Handle creation = dataset_creation(storage.chunk, storage.deflate);
  const Handle links = link_creation();
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

GrowingDataset::GrowingDataset(File& file, std::string path, ElementType type, std::uint64_t columns,
                               std::uint64_t rows_per_chunk, unsigned deflate)
    : file_(&file),
      path_(std::move(path)),
      element_(type),
      columns_(columns),
      rows_per_chunk_(rows_per_chunk) {
  detail::begin();
  type_ = Handle(H5Tcopy(detail::file_type(type)), H5Tclose);
  open_or_create(deflate);
}

GrowingDataset::GrowingDataset(File& file, std::string path, const Enumeration& members,
                               std::uint64_t rows_per_chunk, unsigned deflate)
    : file_(&file), path_(std::move(path)), element_(ElementType::u8), rows_per_chunk_(rows_per_chunk) {
  detail::begin();
  type_ = detail::enum_type(members);
  open_or_create(deflate);
}

void GrowingDataset::open_or_create(unsigned deflate) {
  if (file_->contains(path_)) {
    open();
  } else {
    create(deflate);
  }
}

void GrowingDataset::open() {
  dataset_ = file_->open_dataset(path_);
  const Handle stored(H5Dget_type(dataset_.id()), H5Tclose);
  const Handle creation(H5Dget_create_plist(dataset_.id()), H5Pclose);
  const Shape shape = file_->shape(path_);
  std::vector<hsize_t> chunk(shape.size());
  const bool chunked = !shape.empty() && H5Pget_layout(creation.id()) == H5D_CHUNKED &&
                       H5Pget_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data()) > 0;
  const bool same_rows = columns_ == 0 ? shape.size() == 1 : shape.size() == 2 && shape[1] == columns_;
  if (!chunked || !same_rows || H5Tequal(stored.id(), type_.id()) <= 0) {
    throw Error(ErrorKind::data,
                fmt::format("can't go on writing dataset {} of {} (it has another type or shape [{}]); "
                            "remove the file and begin anew",
                            path_, file_->path(), fmt::join(shape, ", ")));
  }
  rows_ = shape[0];
  rows_per_chunk_ = chunk[0];
  stored_as_given_ = H5Pget_nfilters(creation.id()) == 0 && std::endian::native == std::endian::little;
}

void GrowingDataset::create(unsigned deflate) {
  stored_as_given_ = deflate == 0 && std::endian::native == std::endian::little;
  std::vector<hsize_t> none = {0};
  std::vector<hsize_t> most = {H5S_UNLIMITED};
  Shape chunk = {rows_per_chunk_};
  if (columns_ > 0) {
    none.push_back(columns_);
    most.push_back(columns_);
    chunk.push_back(columns_);
  }
  const Handle space(H5Screate_simple(static_cast<int>(none.size()), none.data(), most.data()), H5Sclose);
  const Handle creation = dataset_creation(chunk, deflate);
  const Handle links = link_creation();
  dataset_ = Handle(H5Dcreate2(file_->handle_.id(), path_.c_str(), type_.id(), space.id(), links.id(),
                               creation.id(), H5P_DEFAULT),
                    H5Dclose);
  if (!dataset_.valid()) file_->fail_writing("dataset " + path_);
  file_->throw_if_failed();
}

void GrowingDataset::append_raw(ElementType type, const void* values, std::size_t count) {
  assert(type == element_);
  static_cast<void>(type);
  assert(columns_ == 0 || count % columns_ == 0);
  if (count == 0) return;
  detail::begin();
  std::uint64_t rows = columns_ == 0 ? count : count / columns_;
  std::vector<hsize_t> extent = {rows_ + rows};
  if (columns_ > 0) extent.push_back(columns_);
  if (H5Dset_extent(dataset_.id(), extent.data()) < 0) file_->fail_writing("dataset " + path_);
  const auto* next = static_cast<const std::byte*>(values);
  const std::uint64_t row_bytes = H5Tget_size(type_.id()) * std::max<std::uint64_t>(columns_, 1);
  while (rows > 0) {
    const std::uint64_t room = rows_per_chunk_ - rows_ % rows_per_chunk_;
    const std::uint64_t step = stored_as_given_ ? std::min(rows, room) : rows;
    if (stored_as_given_ && step == rows_per_chunk_) {
      write_chunk(next);
    } else {
      write_rows(next, step);
    }
    next += step * row_bytes;
    rows -= step;
    rows_ += step;
  }
  file_->throw_if_failed();
}

void GrowingDataset::write_rows(const void* values, std::uint64_t rows) {
  std::vector<hsize_t> start = {rows_};
  std::vector<hsize_t> block = {rows};
  if (columns_ > 0) {
    start.push_back(0);
    block.push_back(columns_);
  }
  const Handle space(H5Dget_space(dataset_.id()), H5Sclose);
  H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr);
  const Handle memory(H5Screate_simple(static_cast<int>(block.size()), block.data(), nullptr), H5Sclose);
  // The values of an enumeration are given as they are stored, which is a byte.
  const hid_t given = H5Tget_class(type_.id()) == H5T_ENUM ? type_.id() : detail::memory_type(element_);
  if (H5Dwrite(dataset_.id(), given, memory.id(), space.id(), H5P_DEFAULT, values) < 0) {
    file_->fail_writing("dataset " + path_);
  }
}

/// Past HDF5's cache, which would only copy it.
void GrowingDataset::write_chunk(const void* values) {
  const std::size_t bytes = rows_per_chunk_ * std::max<std::uint64_t>(columns_, 1) * H5Tget_size(type_.id());
  const std::vector<hsize_t> start =
      columns_ == 0 ? std::vector<hsize_t>{rows_} : std::vector<hsize_t>{rows_, 0};
  if (H5Dwrite_chunk(dataset_.id(), H5P_DEFAULT, 0, start.data(), bytes, values) < 0) {
    file_->fail_writing("dataset " + path_);
  }
}

}  // namespace shallows::h5
