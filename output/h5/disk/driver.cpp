#include "output/h5/disk/driver.hpp"

#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <algorithm>
#include <compare>
#include <exception>
#include <iterator>
#include <new>
#include <span>
#include <utility>

#include "output/h5/detail.hpp"
#include "output/h5/disk/descriptor.hpp"

namespace shallows::h5 {
namespace {

/// What the property list carries; HDF5 copies it byte by byte.
struct DriverInfo {
  Descriptor* descriptor;
};

struct DriverFile : H5FD_t {
  Descriptor* descriptor = nullptr;
  haddr_t end_of_allocation = 0;
};

DriverFile& ours(H5FD_t* file) { return *static_cast<DriverFile*>(file); }
const DriverFile& ours(const H5FD_t* file) { return *static_cast<const DriverFile*>(file); }

H5FD_t* open_file(const char*, unsigned, hid_t access, haddr_t) {
  const auto* info = static_cast<const DriverInfo*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  auto* file = new (std::nothrow) DriverFile{};
  if (file != nullptr) file->descriptor = info->descriptor;
  return file;
}

herr_t close_file(H5FD_t* file) {
  delete static_cast<DriverFile*>(file);
  return 0;
}

int compare_files(const H5FD_t* a, const H5FD_t* b) {
  const auto key = [](const H5FD_t* file) {
    return std::pair(ours(file).descriptor->device(), ours(file).descriptor->inode());
  };
  const auto order = key(a) <=> key(b);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t end_of_allocation(const H5FD_t* file, H5FD_mem_t) { return ours(file).end_of_allocation; }

herr_t set_end_of_allocation(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  ours(file).end_of_allocation = address;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return ours(file).descriptor->size(); }

/// No exception may pass through HDF5: out of memory is a failure like any other.
template <class F>
herr_t guarded(const F& f) {
  try {
    return f() ? 0 : -1;
  } catch (const std::exception&) {
    return -1;
  }
}

herr_t read_bytes(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  return guarded([&] {
    return ours(file).descriptor->read(address, {static_cast<std::byte*>(buffer), size});
  });
}

herr_t write_bytes(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
  return guarded([&] {
    ours(file).descriptor->write(address, {static_cast<const std::byte*>(buffer), size});
    return true;
  });
}

herr_t truncate_file(H5FD_t* file, hid_t, hbool_t) {
  return guarded([&] {
    DriverFile& self = ours(file);
    if (self.end_of_allocation != self.descriptor->size()) self.descriptor->truncate(self.end_of_allocation);
    return true;
  });
}

H5FD_class_t make_class() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(H5_VFD_RESERVED + 1);
#endif
  driver.name = "shallows";
  driver.maxaddr = (haddr_t{1} << 62) - 1;
  driver.fc_degree = H5F_CLOSE_STRONG;
  driver.fapl_size = sizeof(DriverInfo);
  driver.open = open_file;
  driver.close = close_file;
  driver.cmp = compare_files;
  driver.query = query;
  driver.get_eoa = end_of_allocation;
  driver.set_eoa = set_end_of_allocation;
  driver.get_eof = end_of_file;
  driver.read = read_bytes;
  driver.write = write_bytes;
  driver.truncate = truncate_file;
  const H5FD_mem_t single_free_list[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(single_free_list), std::end(single_free_list), std::begin(driver.fl_map));
  return driver;
}

hid_t driver_id() {
  static const H5FD_class_t driver = make_class();
  static const hid_t id = H5FDregister(&driver);
  return id;
}

}  // namespace

Handle access_through(Descriptor& descriptor) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  const DriverInfo info{&descriptor};
  // Whole pages, so that chunks of spikes can go past the page cache.
  constexpr hsize_t least_aligned = 256 << 10;
  constexpr hsize_t page = 4096;
  if (H5Pset_driver(access.id(), driver_id(), &info) < 0 ||
      H5Pset_alignment(access.id(), least_aligned, page) < 0 ||
      H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG) < 0) {
    return {};
  }
  return access;
}

}  // namespace shallows::h5
