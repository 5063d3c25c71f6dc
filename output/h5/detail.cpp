#include "output/h5/detail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace shallows::h5 {

static_assert(sizeof(hid_t) == sizeof(std::int64_t), "ids pass through h5.hpp as int64");

void Handle::reset() {
  if (id_ < 0) return;
  detail::begin();
  close_(id_);
  id_ = -1;
}

namespace detail {
namespace {

herr_t keep_innermost(unsigned, const H5E_error2_t* error, void* text) {
  auto& reason = *static_cast<std::string*>(text);
  if (reason.empty() && error->desc != nullptr) reason = error->desc;
  return 0;
}

std::string describe_enum(hid_t type) {
  const Handle base(H5Tget_super(type), H5Tclose);
  std::string text = "enum " + describe_type(base.id()) + " {";
  const int members = H5Tget_nmembers(type);
  for (int i = 0; i < members; ++i) {
    char* name = H5Tget_member_name(type, static_cast<unsigned>(i));
    std::vector<std::uint8_t> raw(std::max<std::size_t>(H5Tget_size(type), sizeof(std::int64_t)));
    H5Tget_member_value(type, static_cast<unsigned>(i), raw.data());
    H5Tconvert(base.id(), H5T_NATIVE_INT64, 1, raw.data(), nullptr, H5P_DEFAULT);
    std::int64_t value = 0;
    std::memcpy(&value, raw.data(), sizeof value);
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", name == nullptr ? "?" : name, value);
    H5free_memory(name);
  }
  return text + "}";
}

}  // namespace

void begin() {
  thread_local const bool quiet = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(quiet);
}

std::string last_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
  return reason.empty() ? "HDF5 gives no reason" : reason;
}

hid_t memory_type(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return H5T_NATIVE_FLOAT;
    case ElementType::f64:
      return H5T_NATIVE_DOUBLE;
    case ElementType::u8:
      return H5T_NATIVE_UINT8;
    case ElementType::u16:
      return H5T_NATIVE_UINT16;
    case ElementType::u32:
      return H5T_NATIVE_UINT32;
    case ElementType::u64:
      return H5T_NATIVE_UINT64;
    case ElementType::i64:
      return H5T_NATIVE_INT64;
  }
  assert(false);
  return -1;
}

hid_t file_type(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return H5T_IEEE_F32LE;
    case ElementType::f64:
      return H5T_IEEE_F64LE;
    case ElementType::u8:
      return H5T_STD_U8LE;
    case ElementType::u16:
      return H5T_STD_U16LE;
    case ElementType::u32:
      return H5T_STD_U32LE;
    case ElementType::u64:
      return H5T_STD_U64LE;
    case ElementType::i64:
      return H5T_STD_I64LE;
  }
  assert(false);
  return -1;
}

Handle enum_type(const Enumeration& members) {
  Handle type(H5Tenum_create(H5T_STD_U8LE), H5Tclose);
  for (const auto& [name, value] : members) H5Tenum_insert(type.id(), name.c_str(), &value);
  return type;
}

std::string describe_type(hid_t type) {
  const std::size_t bits = 8 * H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
    case H5T_FLOAT:
      return fmt::format("float{}", bits);
    case H5T_STRING:
      return "string";
    case H5T_ENUM:
      return describe_enum(type);
    case H5T_COMPOUND:
      return fmt::format("compound of {} bytes", bits / 8);
    case H5T_REFERENCE:
      return "reference";
    case H5T_VLEN:
      return "variable-length list";
    case H5T_ARRAY:
      return "array";
    default:
      return "opaque";
  }
}

Shape shape_of(hid_t space) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return {0};
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> dims(static_cast<std::size_t>(std::max(rank, 0)));
  if (!dims.empty()) H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  return {dims.begin(), dims.end()};
}

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

}  // namespace detail
}  // namespace shallows::h5
