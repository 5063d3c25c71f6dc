#include "output/record/trials.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/core/error.hpp"

namespace shallows {

const h5::Enumeration& phase_names() {
  static const h5::Enumeration names = {{"train", static_cast<std::uint8_t>(Phase::train)},
                                        {"test", static_cast<std::uint8_t>(Phase::test)},
                                        {"validation", static_cast<std::uint8_t>(Phase::validation)}};
  return names;
}

std::string to_string(Phase phase) {
  for (const auto& [name, value] : phase_names()) {
    if (value == static_cast<std::uint8_t>(phase)) return name;
  }
  return "unknown";
}

std::string offsets_path(const std::string& population) { return "/trials/offsets_" + population; }
std::string recorded_path(const std::string& population) { return "/trials/recorded_" + population; }

bool Trials::present(const h5::File& file) { return file.contains("/trials/start"); }

Trials::Trials(const h5::File& file) : file_(&file), count_(0) {
  const h5::Shape shape = file.shape("/trials/start");
  count_ = shape.empty() ? 0 : shape[0];
}

TrialInfo Trials::read(std::uint64_t trial) const {
  if (trial >= count_) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("{} has no trial {} ({}); choose another one", file_->path(), trial,
                    count_ == 0 ? std::string("it has none") : fmt::format("it has 0 to {}", count_ - 1)));
  }
  TrialInfo info = read_rows(trial, 1).front();
  if (file_->contains("/trials/scores")) info.scores = file_->read_rows<float>("/trials/scores", trial, 1);
  return info;
}

std::vector<TrialInfo> Trials::read_rows(std::uint64_t first, std::uint64_t count) const {
  const auto start = file_->read_rows<double>("/trials/start", first, count);
  const auto stop = file_->read_rows<double>("/trials/stop", first, count);
  const auto sample = file_->read_rows<std::uint32_t>("/trials/sample", first, count);
  const auto label = file_->read_rows<std::uint8_t>("/trials/label", first, count);
  const auto predicted = file_->read_rows<std::uint8_t>("/trials/predicted", first, count);
  const auto phase = file_->read_rows<std::uint8_t>("/trials/phase", first, count);
  std::vector<TrialInfo> rows(count);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = {.start_ms = start[i],
               .stop_ms = stop[i],
               .sample = sample[i],
               .label = label[i],
               .predicted = predicted[i],
               .phase = static_cast<Phase>(phase[i])};
  }
  return rows;
}

std::vector<std::uint8_t> Trials::recorded(const std::string& population, std::uint64_t first,
                                           std::uint64_t count) const {
  return file_->read_rows<std::uint8_t>(recorded_path(population), first, count);
}

std::vector<std::uint64_t> Trials::offsets(const std::string& population, std::uint64_t first,
                                           std::uint64_t count) const {
  auto offsets = file_->read_rows<std::uint64_t>(offsets_path(population), first, count + 1);
  if (!std::is_sorted(offsets.begin(), offsets.end())) {
    throw Error(ErrorKind::data,
                fmt::format("dataset {} of {} falls (offsets only rise); the file is damaged",
                            offsets_path(population), file_->path()));
  }
  return offsets;
}

}  // namespace shallows
