#include "experiments/run/stored/provenance.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <fstream>

#include "experiments/version.hpp"
#include "output/h5/h5.hpp"
#include "sim/core/rng.hpp"
#include "sim/layer/lif_kernel.hpp"

namespace shallows {
namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

Provenance make_provenance(const Config& config, const std::string& command_line, std::uint64_t threads) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return {.version = kVersion,
          .git_hash = kGitHash,
          .compiler = kCompiler,
          .flags = kFlags,
          .cpu = cpu_name() + ", " + lif_kernel_vector(),
          .hdf5_version = h5::library_version(),
          .seed = config.seed,
          .rng = describe_streams(),
          .threads = threads,
          .config = to_toml(config, Comments::no),
          .command_line = command_line,
          .created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now)};
}

std::string program_version() { return kVersion; }

std::string version_text() {
  return fmt::format("shallows {} (git {})\ncompiler  {}\nflags     {}\nHDF5      {}\nvector    {}\n",
                     kVersion, kGitHash, kCompiler, kFlags, h5::library_version(), lif_kernel_vector());
}

}  // namespace shallows
