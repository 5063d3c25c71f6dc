#include "experiments/program/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "experiments/config/suggest.hpp"
#include "experiments/program/catalogue.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace fs = std::filesystem;

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

std::string configs_directory() {
  const fs::path here = "experiments/configs";
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (const fs::path& directory : {here, program.parent_path().parent_path() / "share/shallows/configs",
                                    fs::path(SHALLOWS_SOURCE_CONFIGS)}) {
    if (fs::is_directory(directory, ignored)) return directory.string();
  }
  return here.string();
}

std::string configuration_path(const std::string& given) {
  std::error_code ignored;
  const bool is_name = given.find_first_of("./") == std::string::npos;
  if (fs::exists(given, ignored) || !is_name) return given;
  const std::string directory = configs_directory();
  const fs::path shipped = fs::path(directory) / (given + ".toml");
  if (fs::exists(shipped, ignored)) return shipped.string();
  std::vector<std::string> names;
  if (fs::is_directory(directory, ignored)) {
    for (const Listed& entry : list_configs(directory)) names.push_back(entry.name);
  }
  const auto nearest = nearest_name(given, names);
  throw Error(ErrorKind::configuration,
              fmt::format("unknown configuration '{}' (it is no file, and no name of one in {}); {}", given,
                          directory,
                          nearest ? fmt::format("did you mean '{}'?", *nearest)
                                  : "'shallows list configs' names them, or give the path of a TOML file"));
}

Config read_configuration(const std::string& path, std::span<const std::string> overrides) {
  std::string passed_over;
  Config config = read_config(configuration_path(path), overrides, &passed_over);
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
