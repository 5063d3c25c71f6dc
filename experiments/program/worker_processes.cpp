#include "experiments/program/worker_processes.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "sim/core/error.hpp"

namespace shallows {
namespace {

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

Rank rank_of_process() {
  constexpr const char* kLaunchers[][2] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},  // Open MPI
                                           {"PMI_RANK", "PMI_SIZE"},                          // MPICH, Intel
                                           {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};         // srun
  for (const auto& [rank, size] : kLaunchers) {
    if (std::getenv(rank) == nullptr || std::getenv(size) == nullptr) continue;
    return {.rank = variable(rank, 0), .size = variable(size, 1)};
  }
  return {};
}

bool WorkerProcesses::fork(std::uint64_t count) {
  const pid_t parent = ::getpid();
  for (std::uint64_t k = 0; k < count; ++k) {
    const pid_t child = ::fork();
    if (child < 0) {
      throw Error(ErrorKind::data, "can't start " + std::to_string(count) +
                                       " processes (the system refuses more); lower --jobs");
    }
    if (child == 0) {
      children_.clear();
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != parent) ::raise(SIGTERM);  // it has ended meanwhile
      return true;
    }
    children_.push_back(child);
  }
  return false;
}

bool WorkerProcesses::wait() {
  bool all = true;
  for (const pid_t child : children_) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    all = all && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  children_.clear();
  return all;
}

}  // namespace shallows
