// How a network hands its parameters and state to whoever stores them, and takes them back: arrays with
// names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/core/error.hpp"

namespace shallows {

struct NamedArray {
  using Values = std::variant<std::vector<float>, std::vector<double>, std::vector<std::uint32_t>,
                              std::vector<std::uint16_t>>;

  std::string name;  ///< a path, e.g. "weights/readout/final"
  std::vector<std::size_t> shape;
  Values values;
};

/// The values of the array `name`. Throws Error (data) if it is missing, of another type or, where `size` is
/// given, of another size.
template <class T>
const std::vector<T>& array_values(std::span<const NamedArray> arrays, std::string_view name,
                                   std::size_t size = static_cast<std::size_t>(-1)) {
  for (const NamedArray& array : arrays) {
    if (array.name != name) continue;
    const auto* values = std::get_if<std::vector<T>>(&array.values);
    if (values == nullptr) {
      throw Error(ErrorKind::data,
                  "array '" + array.name + "' has another number type than this network's (" +
                      "was it written with another engine.precision?); use the same settings");
    }
    if (size != static_cast<std::size_t>(-1) && values->size() != size) {
      throw Error(ErrorKind::data, "array '" + array.name + "' holds " + std::to_string(values->size()) +
                                       " values (this network has " + std::to_string(size) +
                                       "); the file belongs to another network");
    }
    return *values;
  }
  throw Error(ErrorKind::data, "array '" + std::string(name) +
                                   "' is missing (the file is incomplete or of another "
                                   "model); use a file that shallows wrote");
}

/// The result would outlive the arrays.
template <class T>
const std::vector<T>& array_values(std::vector<NamedArray>&& arrays, std::string_view name,
                                   std::size_t size = static_cast<std::size_t>(-1)) = delete;

}  // namespace shallows
