// A small layer of our own over the HDF5 C API: files, groups, arrays and attributes.
//
// Files are written in the earliest format, which every reader knows. An input or output error never reaches
// HDF5, which does not survive one: the file remembers it and the next call on the file throws it. All errors
// are Error (data) and name the file and the object. Object names are paths from the root, "/trials/start" or
// "trials/start".
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace shallows::h5 {

using Shape = std::vector<std::uint64_t>;

enum class ElementType { f32, f64, u8, u16, u32, u64, i64 };

template <class T>
concept Element = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::uint8_t> ||
    std::same_as<T, std::uint16_t> || std::same_as<T, std::uint32_t> || std::same_as<T, std::uint64_t> ||
    std::same_as<T, std::int64_t>;

template <Element T>
constexpr ElementType element_type() {
  if constexpr (std::same_as<T, float>) return ElementType::f32;
  if constexpr (std::same_as<T, double>) return ElementType::f64;
  if constexpr (std::same_as<T, std::uint8_t>) return ElementType::u8;
  if constexpr (std::same_as<T, std::uint16_t>) return ElementType::u16;
  if constexpr (std::same_as<T, std::uint32_t>) return ElementType::u32;
  if constexpr (std::same_as<T, std::uint64_t>) return ElementType::u64;
  if constexpr (std::same_as<T, std::int64_t>) return ElementType::i64;
}

template <class R>
concept ElementRange = std::ranges::contiguous_range<R> && Element<std::ranges::range_value_t<R>>;

/// How an array lies in the file. An empty chunk: in one piece and uncompressed.
struct Storage {
  Shape chunk;
  unsigned deflate = 0;  ///< 0 (off) to 9, after a byte shuffle
};

/// The members of an HDF5 enumeration over uint8.
using Enumeration = std::vector<std::pair<std::string, std::uint8_t>>;

/// A scalar or a short list. Enumerations are read as the name of their member, or as bool if it is
/// FALSE/TRUE; int16 and the like as the next wider type here.
using AttributeValue = std::variant<bool, std::uint8_t, std::uint32_t, std::uint64_t, std::int64_t, double,
                                    std::string, std::vector<std::uint32_t>, std::vector<double>>;

enum class ObjectKind { group, dataset, other };

struct Child {
  std::string name;
  ObjectKind kind = ObjectKind::other;  ///< other: a named type, or a link to nowhere
  std::uint64_t address = 0;            ///< the same for every name of one object
};

struct DatasetInfo {
  Shape shape;
  std::string type;  ///< for people, e.g. "float64" or "enum uint8 {train=0, test=1}"
};

/// An identifier of the HDF5 library; moves, and closes what it names.
class Handle {
 public:
  using Close = int (*)(std::int64_t);

  Handle() = default;
  Handle(std::int64_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    reset();
    id_ = std::exchange(other.id_, -1);
    close_ = other.close_;
    return *this;
  }
  ~Handle() { reset(); }

  std::int64_t id() const { return id_; }
  bool valid() const { return id_ >= 0; }
  void reset();

 private:
  std::int64_t id_ = -1;
  Close close_ = nullptr;
};

/// Of the HDF5 library in use, e.g. "1.10.8".
std::string library_version();

class Descriptor;

/// Says in a file which one it is, and at which moment it was settled last.
struct Stamp {
  std::uint64_t place = 0;    ///< offset in the file; 0: it has none
  std::uint64_t id = 0;       ///< of this file alone
  std::uint64_t settled = 0;  ///< how often it was
};

/// What it takes to bring a file that is being written back to a moment, whatever was written since.
struct Snapshot {
  std::uint64_t size = 0;                 ///< bytes
  std::vector<std::uint64_t> pages = {};  ///< numbers, rising, of 4096 bytes each
  std::vector<std::uint8_t> bytes = {};  ///< theirs, one page after the other; what lies past the end is void
  Stamp stamp = {};                      ///< as settling it will leave it
};

class File {
 public:
  /// An empty file, in place of what was there. Throws if another process is writing it.
  static File create(const std::string& path);
  /// For reading only; works on read-only media and takes no lock.
  static File open(const std::string& path);
  /// To go on writing the file as it was at the snapshot, which must be the last one that was stored. Throws
  /// if another process is writing it, and Error (checkpoint) if it is another file, too short, or was
  /// settled with another snapshot; then nothing has changed.
  static File restore(const std::string& path, const Snapshot& snapshot);

  /// Keeps others from writing the file as long as what it returns lives. Throws if another process is
  /// writing it.
  static std::shared_ptr<const void> lock(const std::string& path);

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  /// Closes without a word; call close() to hear of a failure.
  ~File();

  const std::string& path() const { return path_; }

  /// Hands everything to the operating system, so that the file can be read if this process is killed; unless
  /// it is settled: then only restore() finds what came after.
  void flush();
  /// Ends all access and brings the file safely to the disk. The lock of a created file is kept until the
  /// destructor.
  void close();

  /// To stop at any time (even by kill -9 or a power failure) and go on later, do this now and then:
  ///     store(file.snapshot());   // to the disk, in place of the last one, at once or not at all
  ///     file.settle();
  /// The snapshot that is stored can be restored at any moment.
  Snapshot snapshot();
  void settle();
  /// Gives the file a stamp, the new dataset of uint64 {id, settled}, by which restore() knows it. Returns
  /// the id.
  std::uint64_t stamp(const std::string& dataset);
  /// Of the moment when the file was settled last. After close() and before settle(), to be stored in place
  /// of the last one: it restores the same, but holds when the closed file is settled.
  Snapshot settled_snapshot();
  /// Ends all access and makes the file what it was when it was settled last.
  void revert();

  bool contains(const std::string& object) const;
  /// With the groups on its way; nothing happens if it is there already.
  void create_group(const std::string& group);
  /// Sorted by name.
  std::vector<Child> children(const std::string& group) const;
  DatasetInfo info(const std::string& dataset) const;
  Shape shape(const std::string& dataset) const;

  /// A new dataset; values in C order. The groups on its way are made.
  template <ElementRange R>
  void write(const std::string& dataset, const R& values, const Shape& shape, const Storage& storage = {}) {
    using T = std::ranges::range_value_t<R>;
    write_raw(dataset, element_type<T>(), std::ranges::data(values), std::ranges::size(values), shape,
              storage);
  }
  template <ElementRange R>
  void write(const std::string& dataset, const R& values) {
    write(dataset, values, {std::ranges::size(values)});
  }

  /// All values in C order. Integers and enumerations are read as any integer type that holds every value,
  /// floats as the same or a wider type; anything else throws.
  template <Element T>
  std::vector<T> read(const std::string& dataset) const {
    return read<T>(dataset, shape(dataset));
  }
  /// Throws if the dataset has another shape.
  template <Element T>
  std::vector<T> read(const std::string& dataset, const Shape& expected) const {
    std::vector<T> values(checked_size(dataset, expected));
    read_raw(dataset, element_type<T>(), values.data(), 0, expected.empty() ? 1 : expected[0]);
    return values;
  }
  /// Rows [first, first + count) along the first dimension.
  template <Element T>
  std::vector<T> read_rows(const std::string& dataset, std::uint64_t first, std::uint64_t count) const {
    std::vector<T> values(checked_rows(dataset, first, count));
    read_raw(dataset, element_type<T>(), values.data(), first, count);
    return values;
  }

  /// An attribute of a group or dataset, in place of one of the same name. Strings become variable-length
  /// UTF-8.
  void write_attribute(const std::string& object, const std::string& name, const AttributeValue& value);
  void write_enum_attribute(const std::string& object, const std::string& name, const Enumeration& members,
                            std::uint8_t value);
  /// Nothing if there is none of that name, or it has a type that AttributeValue does not cover.
  std::optional<AttributeValue> attribute(const std::string& object, const std::string& name) const;
  bool has_attribute(const std::string& object, const std::string& name) const;
  /// T: bool, std::uint64_t, double or std::string. Throws if there is none or it is of another kind.
  template <class T>
  T attribute_as(const std::string& object, const std::string& name) const;
  /// Sorted.
  std::vector<std::string> attribute_names(const std::string& object) const;

 private:
  friend class GrowingDataset;

  File(std::string path, std::unique_ptr<Descriptor> descriptor, Handle handle);

  void write_raw(const std::string& dataset, ElementType type, const void* values, std::size_t count,
                 const Shape& shape, const Storage& storage);
  void read_raw(const std::string& dataset, ElementType type, void* values, std::uint64_t first,
                std::uint64_t count) const;
  std::size_t checked_size(const std::string& dataset, const Shape& expected) const;
  std::size_t checked_rows(const std::string& dataset, std::uint64_t first, std::uint64_t count) const;
  Handle open_object(const std::string& object) const;
  Handle open_dataset(const std::string& dataset) const;
  void throw_if_failed() const;
  [[noreturn]] void fail_reading(const std::string& what) const;
  [[noreturn]] void fail_writing(const std::string& what) const;

  std::string path_;
  // Before the handle, so that it outlives it.
  std::unique_ptr<Descriptor> descriptor_;
  Handle handle_;
};

/// A dataset that grows along its first dimension. One that the file has already goes on growing as it was
/// made. Must not be used after its file is closed or moved.
class GrowingDataset {
 public:
  /// `columns` = 0: one dimension; otherwise rows of that many values.
  GrowingDataset(File& file, std::string path, ElementType type, std::uint64_t columns,
                 std::uint64_t rows_per_chunk, unsigned deflate);
  /// One dimension of uint8 with names.
  GrowingDataset(File& file, std::string path, const Enumeration& members, std::uint64_t rows_per_chunk,
                 unsigned deflate);

  /// Whole rows of the dataset's own type.
  template <ElementRange R>
  void append(const R& values) {
    append_raw(element_type<std::ranges::range_value_t<R>>(), std::ranges::data(values),
               std::ranges::size(values));
  }

  std::uint64_t rows() const { return rows_; }
  const std::string& path() const { return path_; }

 private:
  void open_or_create(unsigned deflate);
  void create(unsigned deflate);
  void open();
  void append_raw(ElementType type, const void* values, std::size_t count);
  void write_rows(const void* values, std::uint64_t rows);
  void write_chunk(const void* values);

  File* file_;
  std::string path_;
  ElementType element_;
  std::uint64_t columns_ = 0;
  std::uint64_t rows_per_chunk_;
  bool stored_as_given_;  // the bytes of a chunk in the file are those in memory
  std::uint64_t rows_ = 0;
  Handle type_;
  Handle dataset_;
};

}  // namespace shallows::h5
