#include "experiments/study/finished_runs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "output/file/text_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {

FinishedRuns::FinishedRuns(std::string path, std::string judged_by, const DataIdentity& data)
    : path_(std::move(path)),
      claim_(path_),
      judged_by_(std::move(judged_by)),
      data_(data.learned.files.sha256 + " " + data.test.sha256) {
  if (!std::filesystem::exists(path_)) return;
  std::ifstream file(path_);
  try {
    for (const auto& run : nlohmann::json::parse(file)) {
      runs_.push_back({.judged_by = run.at("judged_by"),
                       .data = run.at("data"),
                       .config = run.at("config"),
                       .figures = {.accuracy = run.at("accuracy"), .rows = run.at("rows")}});
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::data, "can't read the finished runs in '" + path_ +
                                     "' (it is not what a figure writes); move it away");
  }
}

std::optional<RunFigures> FinishedRuns::find(const Config& config) const {
  const std::string text = to_toml(config, Comments::no);
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) {
    return run.judged_by == judged_by_ && run.data == data_ && run.config == text;
  });
  if (found == runs_.end()) return {};
  return found->figures;
}

void FinishedRuns::add(const Config& config, const RunFigures& figures) {
  runs_.push_back({judged_by_, data_, to_toml(config, Comments::no), figures});
  auto list = nlohmann::json::array();
  for (const Run& run : runs_) {
    list.push_back({{"judged_by", run.judged_by},
                    {"data", run.data},
                    {"accuracy", run.figures.accuracy},
                    {"rows", run.figures.rows},
                    {"config", run.config}});
  }
  write_text_file(path_, list.dump(1) + "\n");
}

}  // namespace shallows
