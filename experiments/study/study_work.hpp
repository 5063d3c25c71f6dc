// Who trains which runs of a study: any number of processes, on one machine or on many that share the folder.
// Each goes through the runs and takes what is not finished and nobody has claimed, so that none is lost or
// done twice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/study/run_store.hpp"
#include "experiments/study/study.hpp"

namespace shallows {

/// Task `index`, from 1, of `count`: every count-th run.
struct StudyTask {
  std::uint64_t index = 1;
  std::uint64_t count = 1;

  bool has(std::size_t run) const { return run % count == index - 1; }
};

/// "2/5". Throws Error (configuration).
StudyTask parse_task(std::string_view text);

enum class Waiting { for_others, no };

/// Trains the task's runs; returns when they are finished, here or elsewhere. With Waiting::no it does not
/// wait for those that other processes are at. `told` hears of each run that is finished here. False if a
/// signal came.
/// Throws Error (configuration) at once if a run of the plan does not fit its images.
[[nodiscard]] bool work_on(const StudyPlan& plan, const StudyTask& task, RunStore& store, Waiting waiting,
                           const std::function<void(const StudyRun&, const RunOutcome&)>& told);

/// "l-rg tuned, hidden.size = 100, seed 2"
std::string run_title(const Study& study, const StudyPlan& plan, const StudyRun& run);

}  // namespace shallows
