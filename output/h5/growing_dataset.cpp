#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>

#include "output/h5/detail.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {

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
  const Handle creation = detail::dataset_creation(chunk, deflate);
  const Handle links = detail::link_creation();
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
