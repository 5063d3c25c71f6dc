#include "experiments/program/options.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <system_error>

namespace shallows {

CLI::Validator whole_number_from(std::uint64_t lowest) {
  return CLI::Validator(
      [lowest](const std::string& text) -> std::string {
        std::int64_t value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = problem == std::errc() && end == text.data() + text.size() && value >= 0;
        if (whole && static_cast<std::uint64_t>(value) >= lowest) return {};
        return fmt::format("'{}' is no whole number from {} to {}", text, lowest,
                           std::numeric_limits<std::int64_t>::max());
      },
      "");
}

CLI::Validator positive_number() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        double value = 0.0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool number = problem == std::errc() && end == text.data() + text.size();
        if (number && std::isfinite(value) && value > 0.0) return {};
        return fmt::format("'{}' is no number above 0", text);
      },
      "");
}

void RunOptions::add_to(CLI::App& command) {
  command
      .add_option("--set", overrides,
                  "Override a configuration key, e.g. --set hidden.size=1000; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--record", record,
                  "Spikes to record: POPULATIONS[@[PHASE:]FIRST:LAST[:STEP]], all or none; "
                  "e.g. hidden,readout@test:0:100")
      ->type_name("WHAT");
  command
      .add_option("--threads", threads, "Threads to use (default: all cores; results do not depend on it)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
  command.add_flag("--json", json, "Print one JSON object on stdout instead of text");
  command.add_flag("-q,--quiet", quiet, "No progress on stderr");
}

void apply_record(const std::string& record, Config& config) {
  if (record.empty()) return;
  config.record = parse_record(record);
  if (config.model == ModelKind::rate) config.record.populations.clear();
  validate(config, "--record");
}

struct ThreadLimit::Control {
  tbb::global_control limit;
};

ThreadLimit::ThreadLimit(std::uint64_t threads)
    : threads_(threads != 0 ? threads : static_cast<std::uint64_t>(tbb::info::default_concurrency())) {
  control_ = std::make_unique<Control>(
      Control{tbb::global_control(tbb::global_control::max_allowed_parallelism, threads_)});
}

ThreadLimit::~ThreadLimit() = default;

void print(const std::string& text) {
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), stdout);
  if (std::fflush(stdout) != 0 || written != text.size()) {
    throw Error(ErrorKind::data,
                "can't write to standard output (is the disk full or the pipe closed?); redirect it");
  }
}

void print(const nlohmann::json& json) {
  // File names and overrides may hold any bytes; JSON can't.
  print(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void note(const std::string& text) { std::fputs(("shallows: " + text + "\n").c_str(), stderr); }

void prepare_output(const std::string& path, const std::string& input) {
  namespace fs = std::filesystem;
  const fs::path directory =
      fs::path(path).parent_path().empty() ? fs::path(".") : fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || access(directory.c_str(), W_OK) != 0) {
    throw Error(ErrorKind::data, "can't write to '" + directory.string() + "' (" +
                                     (error ? error.message() : "no permission") +
                                     "); choose another place with -o");
  }
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw Error(ErrorKind::data, "can't write to '" + path + "' (it is " +
                                     (fs::is_directory(status) ? "a directory" : "not a regular file") +
                                     "); give a file name with -o");
  }
  if (fs::equivalent(path, input, error)) {
    throw Error(ErrorKind::data,
                "can't write to '" + path + "' (it is what this command reads); choose another file with -o");
  }
}

}  // namespace shallows
