#include "experiments/program/worker_processes.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "experiments/run/interrupt.hpp"
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
      // A group of its own: the terminal's signals are the parent's to pass on, once.
      ::setpgid(0, 0);
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != parent) ::raise(SIGTERM);  // it has ended meanwhile
      return true;
    }
    children_.push_back(child);
  }
  return false;
}

bool WorkerProcesses::wait() {
  bool all = true, told = false;
  while (!children_.empty()) {
    if (interrupt::requested() != 0 && !std::exchange(told, true)) {
      for (const pid_t child : children_) ::kill(child, SIGTERM);
    }
    std::erase_if(children_, [&](pid_t child) {
      int status = 0;
      if (::waitpid(child, &status, WNOHANG) != child) return false;
      all = all && WIFEXITED(status) && WEXITSTATUS(status) == 0;
      return true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return all;
}

}  // namespace shallows
