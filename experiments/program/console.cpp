#include "experiments/program/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
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

std::string shipped_directory(const std::string& kind) {
  const fs::path here = fs::path("experiments") / kind;
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (const fs::path& directory : {here, program.parent_path().parent_path() / "share/shallows" / kind,
                                    fs::path(SHALLOWS_SOURCE_EXPERIMENTS) / kind}) {
    if (fs::is_directory(directory, ignored)) return directory.string();
  }
  return here.string();
}

namespace {

bool is_name(const std::string& given) {
  std::error_code ignored;
  return given.find_first_of("./") == std::string::npos && !fs::exists(given, ignored);
}

/// The shipped file of that name; none if there is none.
std::optional<std::string> shipped_file(const std::string& kind, const std::string& name) {
  const fs::path file = fs::path(shipped_directory(kind)) / (name + ".toml");
  std::error_code ignored;
  return fs::exists(file, ignored) ? std::optional(file.string()) : std::nullopt;
}

std::vector<std::string> shipped_names(const std::string& kind) {
  std::vector<std::string> names;
  std::error_code ignored;
  const std::string directory = shipped_directory(kind);
  if (!fs::is_directory(directory, ignored)) return names;
  for (const Listed& entry : list_configs(directory)) names.push_back(entry.name);
  return names;
}

[[noreturn]] void refuse_name(const std::string& what, const std::string& given, const std::string& kind,
                              const std::vector<std::string>& names) {
  const auto nearest = nearest_name(given, names);
  throw Error(
      ErrorKind::configuration,
      fmt::format("unknown {} '{}' (it is no file, and no name of one in {}); {}", what, given,
                  shipped_directory(kind),
                  nearest
                      ? fmt::format("did you mean '{}'?", *nearest)
                      : fmt::format("'shallows list {}' names them, or give the path of a TOML file", kind)));
}

}  // namespace

std::string configuration_path(const std::string& given) {
  if (!is_name(given)) return given;
  if (const auto file = shipped_file("configs", given)) return *file;
  refuse_name("configuration", given, "configs", shipped_names("configs"));
}

std::string study_path(const std::string& given) {
  if (!is_name(given)) return given;
  for (const char* kind : {"studies", "configs"}) {
    if (const auto file = shipped_file(kind, given)) return *file;
  }
  std::vector<std::string> names = shipped_names("studies");
  for (std::string& name : shipped_names("configs")) names.push_back(std::move(name));
  refuse_name("study", given, "studies", names);
}

Config read_configuration(const std::string& path, const Overrides& overrides) {
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
