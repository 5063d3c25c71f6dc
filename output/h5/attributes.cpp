#include <fmt/format.h>

#include <cstring>

#include "output/h5/detail.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

const Enumeration boolean = {{"FALSE", 0}, {"TRUE", 1}};

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  return type;
}

bool put(hid_t object, const std::string& name, hid_t stored, hid_t given, hid_t space, const void* value) {
  if (H5Aexists(object, name.c_str()) > 0 && H5Adelete(object, name.c_str()) < 0) return false;
  const Handle created(H5Acreate2(object, name.c_str(), stored, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  return created.valid() && H5Awrite(created.id(), given, value) >= 0;
}

template <Element T>
bool put_scalar(hid_t object, const std::string& name, T value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  constexpr ElementType type = element_type<T>();
  return put(object, name, detail::file_type(type), detail::memory_type(type), space.id(), &value);
}

template <Element T>
bool put_list(hid_t object, const std::string& name, const std::vector<T>& values) {
  const hsize_t extent = values.size();
  const Handle space(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  constexpr ElementType type = element_type<T>();
  const T nothing{};  // HDF5 wants an address even where there is nothing to write
  return put(object, name, detail::file_type(type), detail::memory_type(type), space.id(),
             values.empty() ? &nothing : values.data());
}

bool put_enum(hid_t object, const std::string& name, const Enumeration& members, std::uint8_t value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle type = detail::enum_type(members);
  return put(object, name, type.id(), type.id(), space.id(), &value);
}

bool put_text(hid_t object, const std::string& name, const std::string& text) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle type = text_type();
  const char* start = text.c_str();
  return put(object, name, type.id(), type.id(), space.id(), &start);
}

std::optional<AttributeValue> read_text(hid_t attribute, hid_t stored) {
  // HDF5 does not convert between character sets, so the memory's is the file's.
  const Handle type(H5Tcopy(stored), H5Tclose);
  if (H5Tis_variable_str(stored) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute, type.id(), &text) < 0) return std::nullopt;
    std::string value = text == nullptr ? "" : text;
    H5free_memory(text);
    return value;
  }
  std::string value(H5Tget_size(stored), '\0');
  if (H5Aread(attribute, type.id(), value.data()) < 0) return std::nullopt;
  value.resize(std::strlen(value.c_str()));
  return value;
}

std::optional<AttributeValue> read_enum(hid_t attribute, hid_t stored) {
  std::vector<std::uint8_t> raw(H5Tget_size(stored));
  char name[256] = {};
  if (H5Aread(attribute, stored, raw.data()) < 0 ||
      H5Tenum_nameof(stored, raw.data(), name, sizeof name - 1) < 0) {
    return std::nullopt;
  }
  const std::string text = name;
  if (text == "TRUE" || text == "FALSE") return text == "TRUE";
  return text;
}

template <Element T>
std::optional<AttributeValue> read_scalar(hid_t attribute) {
  T value{};
  if (H5Aread(attribute, detail::memory_type(element_type<T>()), &value) < 0) return std::nullopt;
  return value;
}

template <Element T>
std::optional<AttributeValue> read_list(hid_t attribute, std::size_t size) {
  std::vector<T> values(size);
  if (size > 0 && H5Aread(attribute, detail::memory_type(element_type<T>()), values.data()) < 0)
    return std::nullopt;
  return values;
}

std::optional<AttributeValue> read_number(hid_t attribute, hid_t stored, const Shape& shape) {
  const bool real = H5Tget_class(stored) == H5T_FLOAT;
  const bool is_unsigned = !real && H5Tget_sign(stored) == H5T_SGN_NONE;
  const std::size_t bytes = H5Tget_size(stored);
  if (shape.size() == 1) {
    if (is_unsigned && bytes <= 4) return read_list<std::uint32_t>(attribute, shape[0]);
    return read_list<double>(attribute, shape[0]);
  }
  if (real) return read_scalar<double>(attribute);
  if (!is_unsigned) return read_scalar<std::int64_t>(attribute);
  if (bytes == 1) return read_scalar<std::uint8_t>(attribute);
  return bytes <= 4 ? read_scalar<std::uint32_t>(attribute) : read_scalar<std::uint64_t>(attribute);
}

template <class T>
std::optional<T> as(const AttributeValue& value) {
  return std::visit(
      []<class V>(const V& v) -> std::optional<T> {
        if constexpr (std::same_as<V, T>) {
          return v;
        } else if constexpr (std::same_as<T, bool> || std::same_as<V, bool>) {
          return std::nullopt;
        } else if constexpr (std::is_arithmetic_v<T> && std::integral<V>) {
          if constexpr (std::integral<T>) {
            if (!std::in_range<T>(v)) return std::nullopt;
          }
          return static_cast<T>(v);
        } else {
          return std::nullopt;
        }
      },
      value);
}

}  // namespace

void File::write_attribute(const std::string& object, const std::string& name, const AttributeValue& value) {
  const Handle opened = open_object(object);
  const hid_t id = opened.id();
  const bool written =
      std::visit(Overloaded{[&](bool v) { return put_enum(id, name, boolean, v ? 1 : 0); },
                            [&](const std::string& v) { return put_text(id, name, v); },
                            [&]<Element T>(const std::vector<T>& v) { return put_list(id, name, v); },
                            [&]<Element T>(T v) { return put_scalar(id, name, v); }},
                 value);
  if (!written) fail_writing(fmt::format("attribute {} of {}", name, object));
  throw_if_failed();
}

void File::write_enum_attribute(const std::string& object, const std::string& name,
                                const Enumeration& members, std::uint8_t value) {
  const Handle opened = open_object(object);
  if (!put_enum(opened.id(), name, members, value))
    fail_writing(fmt::format("attribute {} of {}", name, object));
  throw_if_failed();
}

std::optional<AttributeValue> File::attribute(const std::string& object, const std::string& name) const {
  const Handle opened = open_object(object);
  if (H5Aexists(opened.id(), name.c_str()) <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(opened.id(), name.c_str(), H5P_DEFAULT), H5Aclose);
  const Handle stored(H5Aget_type(attribute.id()), H5Tclose);
  const Handle space(H5Aget_space(attribute.id()), H5Sclose);
  if (!attribute.valid() || !stored.valid() || !space.valid()) {
    fail_reading(fmt::format("attribute {} of {}", name, object));
  }
  const Shape shape = detail::shape_of(space.id());
  const H5T_class_t kind = H5Tget_class(stored.id());
  if (kind == H5T_FLOAT || kind == H5T_INTEGER) {
    return shape.size() <= 1 ? read_number(attribute.id(), stored.id(), shape) : std::nullopt;
  }
  // Some programs write a scalar as a list of one.
  if (!shape.empty() && shape != Shape{1}) return std::nullopt;
  if (kind == H5T_STRING) return read_text(attribute.id(), stored.id());
  if (kind == H5T_ENUM) return read_enum(attribute.id(), stored.id());
  return std::nullopt;
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
  const Handle opened = open_object(object);
  return H5Aexists(opened.id(), name.c_str()) > 0;
}

std::vector<std::string> File::attribute_names(const std::string& object) const {
  const Handle opened = open_object(object);
  std::vector<std::string> names;
  const int count = H5Aget_num_attrs(opened.id());
  for (int i = 0; i < count; ++i) {
    const Handle attribute(H5Aopen_by_idx(opened.id(), ".", H5_INDEX_NAME, H5_ITER_INC,
                                          static_cast<hsize_t>(i), H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    const ssize_t size = H5Aget_name(attribute.id(), 0, nullptr);
    if (size < 0) fail_reading("the attributes of " + object);
    std::string name(static_cast<std::size_t>(size), '\0');
    H5Aget_name(attribute.id(), name.size() + 1, name.data());
    names.push_back(std::move(name));
  }
  return names;
}

template <class T>
T File::attribute_as(const std::string& object, const std::string& name) const {
  const std::optional<AttributeValue> value = attribute(object, name);
  const std::optional<T> converted = value ? as<T>(*value) : std::nullopt;
  if (converted) return *converted;
  throw Error(
      ErrorKind::data,
      fmt::format("{} {} attribute {} of {} (it was written by another program or version, or is damaged); "
                  "see what it holds with 'shallows inspect'",
                  path_, has_attribute(object, name) ? "has the wrong type of" : "has no", name, object));
}

template bool File::attribute_as<bool>(const std::string&, const std::string&) const;
template std::uint64_t File::attribute_as<std::uint64_t>(const std::string&, const std::string&) const;
template double File::attribute_as<double>(const std::string&, const std::string&) const;
template std::string File::attribute_as<std::string>(const std::string&, const std::string&) const;

}  // namespace shallows::h5
