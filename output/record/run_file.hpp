// The file of a run: where it came from, what it measured, its network as named arrays, and (by
// SpikeRecorder) its spikes and trials. A checkpoint is the same thing by another name.
//
//     /             format = "shallows-run", format_version (uint32),
//                   kind = "run" | "test" | "checkpoint" | "recording" | "bank"
//     /provenance   attributes: version, git_hash, compiler, ..., config (TOML), command_line, created;
//                   recording (uint64[2]): by which a checkpoint knows the recording that became this file
//     /summary      attributes: the figures of the whole run, by name
//     /metrics      growing columns of equal length, float64 or uint64, by name
//     anything else: named arrays and attributes
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "output/file/atomic_file.hpp"
#include "output/h5/h5.hpp"
#include "sim/core/named_array.hpp"

namespace shallows {

enum class FileKind { run, test, checkpoint, recording, bank };

/// "run", "test", "checkpoint", "recording" (a run that is not complete), "bank" (also of another program,
/// then without provenance).
std::string to_string(FileKind kind);

/// Everything that it takes to make the run again.
struct Provenance {
  std::string version = {};
  std::string git_hash = {};
  std::string compiler = {};
  std::string flags = {};
  std::string cpu = {};
  std::string hdf5_version = {};  ///< empty: that of the library in use
  std::uint64_t seed = 0;
  std::string rng = {};
  std::uint64_t threads = 0;
  std::string config = {};  ///< the effective configuration, TOML
  std::string command_line = {};
  std::string created = {};  ///< ISO 8601
  std::string bank = {};     ///< where a given bank comes from; empty (and not written) if none was
  std::string from = {};     ///< the run whose network went on; empty (and not written) if it is a new one

  friend bool operator==(const Provenance&, const Provenance&) = default;
};

/// Writes NAME.part, which becomes NAME at commit(), or into a file of someone else's. Whatever goes wrong
/// throws Error (data).
class RunWriter {
 public:
  RunWriter(const std::string& name, FileKind kind);
  /// The owner of `file` brings it to its name after the writer is gone.
  RunWriter(h5::File& file, FileKind kind);

  /// For SpikeRecorder and whatever has no function here.
  h5::File& file() { return *file_; }

  void write_provenance(const Provenance& provenance);

  /// An object of scalars, number lists and further objects, whose keys have no '.'. Null values are left
  /// out.
  void write_summary(const nlohmann::json& summary);

  /// Values at the end of the column /metrics/<column>, which is made at the first call.
  void append_metric(const std::string& column, std::span<const double> values);
  void append_metric(const std::string& column, std::span<const std::uint64_t> values);
  void append_metric(const std::string& column, double value) { append_metric(column, std::span(&value, 1)); }
  void append_metric(const std::string& column, std::uint64_t value) {
    append_metric(column, std::span(&value, 1));
  }

  /// A new array of any shape at any path, e.g. "weights/readout/final" with shape {n_post, n_pre}.
  template <h5::ElementRange R>
  void write_array(const std::string& path, const R& values, const h5::Shape& shape) {
    file().write(path, values, shape);
  }
  template <h5::ElementRange R>
  void write_array(const std::string& path, const R& values) {
    file().write(path, values);
  }
  /// Each at the path that is its name.
  void write_arrays(std::span<const NamedArray> arrays);
  /// Of a group or dataset; the group is made if it is missing.
  void write_attribute(const std::string& path, const std::string& name, const h5::AttributeValue& value);

  /// As AtomicFile; only of a writer that has a file of its own.
  void commit();

 private:
  void write_header(FileKind kind);
  h5::GrowingDataset& metric(const std::string& column, h5::ElementType type);

  std::unique_ptr<AtomicFile> own_;
  h5::File* file_;
  std::map<std::string, h5::GrowingDataset> metrics_;
};

/// Opens a run, test result, checkpoint or recording. What is missing or of the wrong type or shape throws
/// Error (data) that names file and object.
class RunReader {
 public:
  explicit RunReader(const std::string& path);

  const h5::File& file() const { return file_; }
  const std::string& path() const { return file_.path(); }
  FileKind kind() const { return kind_; }

  Provenance provenance() const;
  /// As written; an empty object if there is none.
  nlohmann::json summary() const;

  /// Sorted; empty if there is none.
  std::vector<std::string> metric_names() const;
  /// T: double or std::uint64_t.
  template <h5::Element T>
  std::vector<T> metric(const std::string& column) const {
    return file_.read<T>("/metrics/" + column);
  }

  bool contains(const std::string& path) const { return file_.contains(path); }
  h5::Shape shape(const std::string& path) const { return file_.shape(path); }
  template <h5::Element T>
  std::vector<T> read_array(const std::string& path) const {
    return file_.read<T>(path);
  }
  template <h5::Element T>
  std::vector<T> read_array(const std::string& path, const h5::Shape& expected) const {
    return file_.read<T>(path, expected);
  }
  /// All arrays of the number types of NamedArray in a group and the groups below it; their names are their
  /// paths from the root of the file. Empty if there is no such group.
  std::vector<NamedArray> read_arrays(const std::string& group) const;
  /// T: bool, std::uint64_t, double or std::string.
  template <class T>
  T attribute(const std::string& path, const std::string& name) const {
    return file_.attribute_as<T>(path, name);
  }

 private:
  h5::File file_;
  FileKind kind_;
};

/// /summary of any file; an empty object if it has none.
nlohmann::json read_summary(const h5::File& file);

/// A value as JSON.
nlohmann::json to_json(const h5::AttributeValue& value);

}  // namespace shallows
