// Several processes of one command: forked by it, or started by mpirun or srun.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace shallows {

/// Of processes that were started together by mpirun, mpiexec or srun, by the variables that these set.
struct Rank {
  std::uint64_t rank = 0;
  std::uint64_t size = 1;
};
Rank rank_of_process();

/// Copies of this process, which end when it ends.
class WorkerProcesses {
 public:
  /// Forks `count` of them; to be called while there are no threads. True in the copies.
  bool fork(std::uint64_t count);
  /// Waits for all, and passes on a signal that asks this process to stop. False if one has failed.
  bool wait();

 private:
  std::vector<pid_t> children_;
};

}  // namespace shallows
