// Runs the vector kernels with one instruction set after the other.
#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shallows {

/// While it lives, the kernels see a machine with these instruction sets only.
class PretendMachine {
 public:
  explicit PretendMachine(std::int64_t targets) { choose(targets); }
  ~PretendMachine() { choose(0); }
  PretendMachine(const PretendMachine&) = delete;
  PretendMachine& operator=(const PretendMachine&) = delete;

 private:
  static void choose(std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

/// This machine as it would be with fewer instruction sets: the least one, the two least ones, ..., all.
inline std::vector<std::pair<std::string, std::int64_t>> lesser_machines() {
  std::vector<std::pair<std::string, std::int64_t>> machines;
  const std::int64_t all = hwy::SupportedTargets() & HWY_TARGETS;  // that there is code for
  std::int64_t targets = 0;
  for (int bit = 62; bit >= 0; --bit) {  // Highway gives better instruction sets lower bits
    const std::int64_t target = std::int64_t{1} << bit;
    if ((all & target) == 0) continue;
    targets |= target;
    machines.emplace_back(hwy::TargetName(target), targets);
  }
  return machines;
}

}  // namespace shallows
