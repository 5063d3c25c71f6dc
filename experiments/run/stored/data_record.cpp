#include "experiments/run/stored/data_record.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr const char* kGroup = "/data";
constexpr const char* kMean = "data/pixel_mean";
constexpr const char* kTestMean = "data/test_pixel_mean";

std::string difference(const char* which, const ImagesIdentity& there, const ImagesIdentity& here) {
  if (there == here) return {};
  const auto text = [](const ImagesIdentity& images) {
    return images.sha256.empty() ? std::string("none")
                                 : fmt::format("{}... ({})", short_digest(images.sha256), images.images);
  };
  return fmt::format("its {} images are {}, those here {}; SHA-256 and number", which, text(there),
                     text(here));
}

}  // namespace

std::vector<LearnedImages> DataRecord::learned() const {
  std::vector<LearnedImages> all = earlier;
  all.push_back(identity.learned);
  return all;
}

DataRecord record_of(const Dataset& dataset, std::vector<LearnedImages> earlier) {
  const auto copy = [](std::span<const float> mean) { return std::vector<float>(mean.begin(), mean.end()); };
  return {.name = dataset.name,
          .identity = dataset.identity,
          .earlier = std::move(earlier),
          .mean = copy(dataset.train.mean()),
          .test_mean = copy(dataset.test.mean())};
}

void write_data(RunWriter& writer, const DataRecord& record) {
  const auto put = [&](const char* name, const h5::AttributeValue& value) {
    writer.write_attribute(kGroup, name, value);
  };
  const LearnedImages& learned = record.identity.learned;
  put("name", record.name);
  put("train_sha256", learned.files.sha256);
  put("train_images", learned.files.images);
  put("train_first", learned.first);
  put("classes", learned.classes);
  put("test_sha256", record.identity.test.sha256);
  put("test_images", record.identity.test.images);
  if (!record.earlier.empty()) put("earlier", to_text(record.earlier));
  writer.write_array(kMean, record.mean);
  if (record.test_mean != record.mean) writer.write_array(kTestMean, record.test_mean);
}

DataRecord read_data(const RunReader& reader) {
  if (!reader.contains(kMean)) {
    throw Error(ErrorKind::data,
                fmt::format("'{}' does not say which images it has learned from (it lacks {}: an earlier "
                            "version of shallows wrote it); train again",
                            reader.path(), kMean));
  }
  const auto text = [&](const char* name) { return reader.attribute<std::string>(kGroup, name); };
  const auto count = [&](const char* name) { return reader.attribute<std::uint64_t>(kGroup, name); };
  DataRecord record{
      .name = text("name"),
      .identity = {.learned = {.files = {.sha256 = text("train_sha256"), .images = count("train_images")},
                               .first = count("train_first"),
                               .classes = text("classes")},
                   .test = {.sha256 = text("test_sha256"), .images = count("test_images")}},
      .earlier = {},
      .mean = reader.read_array<float>(kMean),
      .test_mean = reader.read_array<float>(reader.contains(kTestMean) ? kTestMean : kMean)};
  if (reader.file().has_attribute(kGroup, "earlier")) record.earlier = learned_from_text(text("earlier"));
  return record;
}

std::string train_difference(const DataRecord& record, const Dataset& dataset) {
  return difference("training", record.identity.learned.files, dataset.identity.learned.files);
}

std::string test_difference(const DataRecord& record, const Dataset& dataset) {
  return difference("test", record.identity.test, dataset.identity.test);
}

void require_same_images(const RunReader& reader, const Dataset& dataset) {
  const std::string difference = train_difference(read_data(reader), dataset);
  if (difference.empty()) return;
  throw Error(ErrorKind::checkpoint,
              fmt::format("'{}' has learned from other images ({}); put the data back, choose another file "
                          "with -o, or train without --resume to start anew",
                          reader.path(), difference));
}

std::string leak_into_validation(const std::vector<LearnedImages>& learned, const Dataset& dataset) {
  const std::uint64_t held_out = dataset.identity.learned.files.images - dataset.identity.learned.first;
  for (const LearnedImages& images : learned) {
    if (held_out == 0 || !has_learned_held_out(images, dataset.identity.learned.files, held_out,
                                               dataset.identity.learned.classes))
      continue;
    return fmt::format(
        "has learned from images that are held out here: from the first {} of {}, and the "
        "last {} are for validation",
        images.first, images.files.images, held_out);
  }
  return {};
}

std::string leak_into_test(const std::vector<LearnedImages>& learned, const Dataset& dataset) {
  for (const LearnedImages& images : learned) {
    if (has_learned_test(images, dataset.identity.test, dataset.identity.learned.classes))
      return "has learned from the test images: the same ones serve for training";
  }
  return {};
}

std::string refuse_leak(const std::string& who, const std::string& leak, SeenImages seen) {
  if (leak.empty()) return {};
  if (seen == SeenImages::allowed) return who + " " + leak + "; figures on them are too good";
  throw Error(
      ErrorKind::configuration,
      fmt::format("{} {} (so figures on them would be too good); hold out the same images as then, or "
                  "allow it with --allow-seen-images",
                  who, leak));
}

}  // namespace shallows
