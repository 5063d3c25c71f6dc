#include "experiments/data/data_identity.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/config/config_parser.hpp"
#include "experiments/data/sha256.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

/// Whether two choices of classes have one in common; an empty one means all.
bool share_a_class(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return true;
  const std::vector<std::string> chosen = split_list(a);
  const std::set<std::string> those(chosen.begin(), chosen.end());
  const std::vector<std::string> others = split_list(b);
  return std::any_of(others.begin(), others.end(),
                     [&](const std::string& label) { return those.contains(label); });
}

}  // namespace

ImagesIdentity identity_of(const ImageSet& set) {
  if (set.empty()) return {};
  Sha256 sha;
  for (const std::size_t value : {set.shape().height, set.shape().width, set.shape().channels, set.size()}) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      const auto byte = static_cast<std::byte>(value >> shift & 0xFFU);
      sha.add(std::span(&byte, 1));
    }
  }
  sha.add(std::as_bytes(set.pixels()));
  sha.add(std::as_bytes(set.labels()));
  return {.sha256 = sha.hex(), .images = set.size()};
}

bool has_learned_held_out(const LearnedImages& learned, const ImagesIdentity& now, std::uint64_t held_out,
                          std::string_view classes) {
  return learned.files == now && learned.first + held_out > now.images &&
         share_a_class(learned.classes, classes);
}

bool has_learned_test(const LearnedImages& learned, const ImagesIdentity& test, std::string_view classes) {
  return !test.sha256.empty() && learned.files == test && share_a_class(learned.classes, classes);
}

std::string short_digest(std::string_view sha256) { return std::string(sha256.substr(0, 8)); }

std::string to_text(const std::vector<LearnedImages>& learned) {
  auto list = nlohmann::json::array();
  for (const LearnedImages& one : learned) {
    list.push_back({{"sha256", one.files.sha256},
                    {"images", one.files.images},
                    {"first", one.first},
                    {"classes", one.classes}});
  }
  return list.dump();
}

std::vector<LearnedImages> learned_from_text(const std::string& text) {
  std::vector<LearnedImages> learned;
  try {
    for (const auto& one : nlohmann::json::parse(text)) {
      learned.push_back({.files = {.sha256 = one.at("sha256"), .images = one.at("images")},
                         .first = one.at("first"),
                         .classes = one.at("classes")});
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::data,
                "the images that the network has learned from can't be read (the file was changed or "
                "damaged); train again");
  }
  return learned;
}

}  // namespace shallows
