#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "output/h5/detail.hpp"
#include "output/h5/disk/descriptor.hpp"
#include "output/h5/disk/driver.hpp"
#include "output/h5/disk/system_file.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

/// Innermost message of HDF5 for a file that does not start like one of its own.
constexpr const char* not_hdf5 = "file signature not found";

[[noreturn]] void refuse(const std::string& path) {
  const std::string reason = detail::last_reason();
  if (reason.find(not_hdf5) != std::string::npos) {
    throw Error(ErrorKind::data,
                fmt::format("can't read {} (it is not an HDF5 file); give a file that shallows wrote", path));
  }
  throw Error(ErrorKind::data,
              fmt::format("can't read {} (the HDF5 file is damaged or cut short: {}); copy it "
                          "again or write it anew",
                          path, reason));
}

ObjectKind kind_of(hid_t object) {
  switch (H5Iget_type(object)) {
    case H5I_GROUP:
      return ObjectKind::group;
    case H5I_DATASET:
      return ObjectKind::dataset;
    default:
      return ObjectKind::other;
  }
}

}  // namespace

std::string library_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

File::File(std::string path, std::unique_ptr<Descriptor> descriptor, Handle handle)
    : path_(std::move(path)), descriptor_(std::move(descriptor)), handle_(std::move(handle)) {}

File::File(File&&) noexcept = default;

File& File::operator=(File&& other) noexcept {
  handle_ = std::move(other.handle_);
  descriptor_ = std::move(other.descriptor_);
  path_ = std::move(other.path_);
  return *this;
}

File::~File() = default;

File File::create(const std::string& path) {
  detail::begin();
  auto descriptor = std::make_unique<Descriptor>(Descriptor::create(path));
  const Handle access = access_through(*descriptor);
  Handle handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose);
  if (!handle.valid()) {
    throw Error(ErrorKind::data,
                fmt::format("can't write {} ({}); write to another file", path, detail::last_reason()));
  }
  return File(path, std::move(descriptor), std::move(handle));
}

File File::open(const std::string& path) {
  detail::begin();
  auto descriptor = std::make_unique<Descriptor>(Descriptor::open(path));
  const Handle access = access_through(*descriptor);
  Handle handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose);
  if (!handle.valid()) refuse(path);
  return File(path, std::move(descriptor), std::move(handle));
}

File File::restore(const std::string& path, const Snapshot& snapshot) {
  detail::begin();
  auto descriptor = std::make_unique<Descriptor>(Descriptor::restore(path, snapshot));
  const Handle access = access_through(*descriptor);
  Handle handle(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.id()), H5Fclose);
  if (!handle.valid()) refuse(path);
  return File(path, std::move(descriptor), std::move(handle));
}

std::shared_ptr<const void> File::lock(const std::string& path) {
  return std::make_shared<const Descriptor>(Descriptor::lock(path));
}

Snapshot File::snapshot() {
  flush();
  Snapshot snapshot = descriptor_->snapshot();
  throw_if_failed();
  return snapshot;
}

Snapshot File::settled_snapshot() {
  Snapshot snapshot = descriptor_->settled_snapshot();
  throw_if_failed();
  return snapshot;
}

void File::settle() {
  descriptor_->settle();
  if (!handle_.valid()) descriptor_->sync();
  throw_if_failed();
}

void File::revert() {
  detail::begin();
  handle_.reset();
  descriptor_->revert();
}

void File::flush() {
  detail::begin();
  if (H5Fflush(handle_.id(), H5F_SCOPE_GLOBAL) < 0) fail_writing("the file");
  throw_if_failed();
}

void File::close() {
  if (!handle_.valid()) return;
  detail::begin();
  // Flushed by itself first: unlike closing, flushing reports what goes wrong in HDF5's own caches.
  const bool flushed = H5Fflush(handle_.id(), H5F_SCOPE_GLOBAL) >= 0;
  const std::string reason = flushed ? "" : detail::last_reason();
  handle_.reset();
  descriptor_->sync();
  throw_if_failed();
  if (!flushed) {
    throw Error(ErrorKind::data, fmt::format("can't write {} ({}); write to another place", path_, reason));
  }
}

void File::throw_if_failed() const {
  if (descriptor_->error() != 0) throw Error(ErrorKind::data, write_failure(path_, descriptor_->error()));
}

void File::fail_reading(const std::string& what) const {
  const int error = descriptor_->read_error();
  const std::string reason = error != 0 ? std::generic_category().message(error) : detail::last_reason();
  throw Error(ErrorKind::data,
              fmt::format("can't read {} of {} ({}); the file may be damaged: copy it again or "
                          "write it anew",
                          what, path_, reason));
}

void File::fail_writing(const std::string& what) const {
  throw_if_failed();
  throw Error(ErrorKind::data, fmt::format("can't write {} of {} ({}); write to another place", what, path_,
                                           detail::last_reason()));
}

bool File::contains(const std::string& object) const {
  detail::begin();
  // HDF5 fails, rather than answer no, if a group on the way is missing.
  for (std::size_t end = object.find('/', 1); end != std::string::npos; end = object.find('/', end + 1)) {
    if (H5Lexists(handle_.id(), object.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
  }
  if (object == "/" || object.empty()) return true;
  return H5Lexists(handle_.id(), object.c_str(), H5P_DEFAULT) > 0 &&
         H5Oexists_by_name(handle_.id(), object.c_str(), H5P_DEFAULT) > 0;
}

void File::create_group(const std::string& group) {
  if (contains(group)) return;
  const Handle links = detail::link_creation();
  const Handle created(H5Gcreate2(handle_.id(), group.c_str(), links.id(), H5P_DEFAULT, H5P_DEFAULT),
                       H5Gclose);
  if (!created.valid()) fail_writing("group " + group);
  throw_if_failed();
}

std::vector<Child> File::children(const std::string& group) const {
  detail::begin();
  const Handle opened(H5Gopen2(handle_.id(), group.c_str(), H5P_DEFAULT), H5Gclose);
  H5G_info_t info{};
  if (!opened.valid() || H5Gget_info(opened.id(), &info) < 0) fail_reading("group " + group);
  std::vector<Child> children;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto name_size =
        H5Lget_name_by_idx(opened.id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    if (name_size < 0) fail_reading("group " + group);
    std::string name(static_cast<std::size_t>(name_size), '\0');
    H5Lget_name_by_idx(opened.id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size() + 1,
                       H5P_DEFAULT);
    Child child{.name = std::move(name)};
    const Handle object(H5Oopen(opened.id(), child.name.c_str(), H5P_DEFAULT), H5Oclose);
    H5O_info_t object_info{};
    if (object.valid() && H5Oget_info(object.id(), &object_info) >= 0) {
      child.kind = kind_of(object.id());
      child.address = object_info.addr;
    }
    children.push_back(std::move(child));
  }
  return children;
}

Handle File::open_object(const std::string& object) const {
  detail::begin();
  Handle opened(H5Oopen(handle_.id(), object.empty() ? "/" : object.c_str(), H5P_DEFAULT), H5Oclose);
  if (!opened.valid()) fail_reading(object);
  return opened;
}

}  // namespace shallows::h5
