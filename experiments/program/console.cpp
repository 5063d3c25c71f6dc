#include "experiments/program/console.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "sim/core/error.hpp"

namespace shallows {

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

void note_backup(const std::string& output, const std::string& backup) {
  note("what was '" + output + "' is kept as '" + backup + "'");
}

Config read_configuration(const std::string& path, std::span<const std::string> overrides) {
  std::string passed_over;
  Config config = read_config(path, overrides, &passed_over);
  if (!passed_over.empty()) note(passed_over);
  return config;
}

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
