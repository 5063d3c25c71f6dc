#include "output/record/run_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <nlohmann/json.hpp>
#include <optional>

#include "output/record/descriptions.hpp"
#include "output/record/spike_recorder.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

using nlohmann::json;

constexpr const char* format_name = "shallows-run";
constexpr std::uint32_t format_version = 1;
constexpr std::uint64_t metrics_per_chunk = 4096;
constexpr std::array kinds = {FileKind::run, FileKind::test, FileKind::checkpoint, FileKind::recording,
                              FileKind::bank};

h5::AttributeValue to_attribute(const json& value) {
  switch (value.type()) {
    case json::value_t::boolean:
      return value.get<bool>();
    case json::value_t::number_unsigned:
      return value.get<std::uint64_t>();
    case json::value_t::number_integer:
      return value.get<std::int64_t>();
    case json::value_t::string:
      return value.get<std::string>();
    case json::value_t::array:
      if (std::all_of(value.begin(), value.end(), [](const json& item) { return item.is_number_unsigned(); }))
        return value.get<std::vector<std::uint32_t>>();
      return value.get<std::vector<double>>();
    default:
      assert(value.is_number_float());
      return value.get<double>();
  }
}

void write_object(h5::File& file, const json& object, const std::string& prefix) {
  for (const auto& [key, value] : object.items()) {
    assert(key.find('.') == std::string::npos);
    if (value.is_object()) {
      write_object(file, value, prefix + key + ".");
    } else if (!value.is_null()) {
      file.write_attribute("/summary", prefix + key, to_attribute(value));
    }
  }
}

std::optional<NamedArray::Values> read_values(const h5::File& file, const std::string& path,
                                              const std::string& type) {
  if (type == "float32") return file.read<float>(path);
  if (type == "float64") return file.read<double>(path);
  if (type == "uint32") return file.read<std::uint32_t>(path);
  if (type == "uint16") return file.read<std::uint16_t>(path);
  return std::nullopt;
}

void collect_arrays(const h5::File& file, const std::string& group, std::vector<NamedArray>& arrays) {
  for (const h5::Child& child : file.children(group)) {
    const std::string path = group + "/" + child.name;
    if (child.kind == h5::ObjectKind::group) collect_arrays(file, path, arrays);
    if (child.kind != h5::ObjectKind::dataset) continue;
    const h5::DatasetInfo info = file.info(path);
    auto values = read_values(file, path, info.type);
    if (values) arrays.push_back({path, {info.shape.begin(), info.shape.end()}, std::move(*values)});
  }
}

FileKind checked_kind(const h5::File& file) {
  const std::string& path = file.path();
  if (!file.has_attribute("/", "format")) {
    if (file.contains("/receptive_fields/filters")) return FileKind::bank;  // of a user, without a word more
    if (file.has_attribute("/", "magic") && file.contains("/spikes")) {
      throw Error(ErrorKind::data,
                  fmt::format("{} holds no run (it is a SONATA file of another program); look at "
                              "its spikes with 'shallows inspect'",
                              path));
    }
    throw Error(ErrorKind::data,
                fmt::format("{} holds no run (it is an HDF5 file of another program); give a file "
                            "that shallows wrote",
                            path));
  }
  if (file.attribute_as<std::string>("/", "format") != format_name) {
    throw Error(ErrorKind::data, fmt::format("{} holds no run (its format is another one); give a file that "
                                             "shallows wrote",
                                             path));
  }
  const auto version = file.attribute_as<std::uint64_t>("/", "format_version");
  if (version > format_version) {
    throw Error(ErrorKind::data,
                fmt::format("can't read {} (a newer version of shallows wrote it: format {}, known "
                            "up to {}); update shallows",
                            path, version, format_version));
  }
  const auto name = file.attribute_as<std::string>("/", "kind");
  for (const FileKind kind : kinds) {
    if (to_string(kind) == name) return kind;
  }
  throw Error(ErrorKind::data,
              fmt::format("can't read {} (it is of the unknown kind '{}'); update shallows", path, name));
}

}  // namespace

std::string to_string(FileKind kind) {
  switch (kind) {
    case FileKind::run:
      return "run";
    case FileKind::test:
      return "test";
    case FileKind::checkpoint:
      return "checkpoint";
    case FileKind::recording:
      return "recording";
    case FileKind::bank:
      return "bank";
  }
  assert(false);
  return {};
}

RunWriter::RunWriter(const std::string& name, FileKind kind)
    : own_(std::make_unique<AtomicFile>(name)), file_(&own_->file()) {
  write_header(kind);
}

RunWriter::RunWriter(h5::File& file, FileKind kind) : file_(&file) { write_header(kind); }

void RunWriter::write_header(FileKind kind) {
  write_sonata_header(file());
  file().write_attribute("/", "format", format_name);
  file().write_attribute("/", "format_version", format_version);
  file().write_attribute("/", "kind", to_string(kind));
}

void RunWriter::write_provenance(const Provenance& provenance) {
  file().create_group("/provenance");
  const auto put = [&](const char* name, const h5::AttributeValue& value) {
    file().write_attribute("/provenance", name, value);
  };
  put("version", provenance.version);
  put("git_hash", provenance.git_hash);
  put("compiler", provenance.compiler);
  put("flags", provenance.flags);
  put("cpu", provenance.cpu);
  put("hdf5_version", provenance.hdf5_version.empty() ? h5::library_version() : provenance.hdf5_version);
  put("seed", provenance.seed);
  put("rng", provenance.rng);
  put("threads", provenance.threads);
  put("config", provenance.config);
  put("command_line", provenance.command_line);
  put("created", provenance.created);
  if (!provenance.bank.empty()) put("bank", provenance.bank);
  if (!provenance.from.empty()) put("from", provenance.from);
}

void RunWriter::write_summary(const json& summary) {
  assert(summary.is_object());
  file().create_group("/summary");
  write_object(file(), summary, "");
}

h5::GrowingDataset& RunWriter::metric(const std::string& column, h5::ElementType type) {
  const auto found = metrics_.find(column);
  if (found != metrics_.end()) return found->second;
  return metrics_.try_emplace(column, file(), "/metrics/" + column, type, 0, metrics_per_chunk, 4)
      .first->second;
}

void RunWriter::append_metric(const std::string& column, std::span<const double> values) {
  metric(column, h5::ElementType::f64).append(values);
}

void RunWriter::append_metric(const std::string& column, std::span<const std::uint64_t> values) {
  metric(column, h5::ElementType::u64).append(values);
}

void RunWriter::write_arrays(std::span<const NamedArray> arrays) {
  for (const NamedArray& array : arrays) {
    const h5::Shape shape(array.shape.begin(), array.shape.end());
    std::visit([&](const auto& values) { write_array(array.name, values, shape); }, array.values);
  }
}

void RunWriter::write_attribute(const std::string& path, const std::string& name,
                                const h5::AttributeValue& value) {
  file().create_group(path);
  file().write_attribute(path, name, value);
}

void RunWriter::commit() {
  assert(own_);
  metrics_.clear();
  describe(*file_);
  own_->commit();
}

RunReader::RunReader(const std::string& path) : file_(h5::File::open(path)), kind_(checked_kind(file_)) {}

Provenance RunReader::provenance() const {
  const auto text = [&](const char* name) { return file_.attribute_as<std::string>("/provenance", name); };
  const auto number = [&](const char* name) {
    return file_.attribute_as<std::uint64_t>("/provenance", name);
  };
  const auto optional = [&](const char* name) {
    return file_.has_attribute("/provenance", name) ? text(name) : std::string();
  };
  return {.version = text("version"),
          .git_hash = text("git_hash"),
          .compiler = text("compiler"),
          .flags = text("flags"),
          .cpu = text("cpu"),
          .hdf5_version = text("hdf5_version"),
          .seed = number("seed"),
          .rng = text("rng"),
          .threads = number("threads"),
          .config = text("config"),
          .command_line = text("command_line"),
          .created = text("created"),
          .bank = optional("bank"),
          .from = optional("from")};
}

std::vector<NamedArray> RunReader::read_arrays(const std::string& group) const {
  std::vector<NamedArray> arrays;
  if (file_.contains(group)) collect_arrays(file_, group, arrays);
  return arrays;
}

json RunReader::summary() const { return read_summary(file_); }

json read_summary(const h5::File& file) {
  json summary = json::object();
  if (!file.contains("/summary")) return summary;
  for (const std::string& name : file.attribute_names("/summary")) {
    if (name == kDescription) continue;
    const auto value = file.attribute("/summary", name);
    if (!value) continue;
    json* place = &summary;
    std::size_t begin = 0;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
      place = &(*place)[name.substr(begin, dot - begin)];
      if (!place->is_object()) *place = json::object();
      begin = dot + 1;
    }
    (*place)[name.substr(begin)] = to_json(*value);
  }
  return summary;
}

json to_json(const h5::AttributeValue& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

std::vector<std::string> RunReader::metric_names() const {
  std::vector<std::string> names;
  if (!file_.contains("/metrics")) return names;
  for (const h5::Child& child : file_.children("/metrics")) {
    if (child.kind == h5::ObjectKind::dataset) names.push_back(child.name);
  }
  return names;
}

}  // namespace shallows
