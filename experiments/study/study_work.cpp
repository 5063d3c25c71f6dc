#include "experiments/study/study_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "experiments/config/number_in.hpp"
#include "experiments/run/interrupt.hpp"
#include "sim/core/error.hpp"

namespace shallows {

StudyTask parse_task(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto index = number_in<std::uint64_t>(text.substr(0, slash));
  const auto count = number_in<std::uint64_t>(text.substr(std::min(slash + 1, text.size())));
  if (!index || !count || *index < 1 || *index > *count) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't do task '{}' (it is not I/N with I from 1 to N); write for example 2/5", text));
  }
  return {.index = *index, .count = *count};
}

bool work_on(const StudyPlan& plan, const StudyTask& task, RunStore& store, Waiting waiting,
             const std::function<void(const StudyRun&, const RunOutcome&)>& told) {
  // All, before one is trained: a mistake in the last row shows at once.
  for (const StudyRun& run : plan.runs) store.require_fitting(run);
  std::vector<const StudyRun*> left;
  for (std::size_t k = 0; k < plan.runs.size(); ++k) {
    if (task.has(k) && !store.outcome(plan.runs[k])) left.push_back(&plan.runs[k]);
  }
  while (!left.empty()) {
    std::vector<const StudyRun*> busy;
    for (const StudyRun* run : left) {
      if (interrupt::requested() != 0) return false;
      if (store.outcome(*run)) continue;  // another process has been faster
      switch (store.ensure(*run)) {
        case RunState::finished:
          told(*run, *store.outcome(*run));
          break;
        case RunState::found:
          break;
        case RunState::busy:
          busy.push_back(run);
          break;
        case RunState::stopped:
          return false;
      }
    }
    if (busy.size() == left.size()) {
      if (waiting == Waiting::no) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    left = std::move(busy);
  }
  return true;
}

std::string run_title(const Study& study, const StudyPlan& plan, const StudyRun& run) {
  std::string title = study.rows[run.row].name;
  if (study.columns.size() > 1) title += " " + study.columns[run.column];
  const StudyPoint& point = plan.points[run.point];
  for (std::size_t k = 0; k < point.values.size(); ++k)
    title += fmt::format(", {} = {}", study.sweeps[point.sweep][k].key, point.values[k]);
  return title + fmt::format(", seed {}", run.seed);
}

}  // namespace shallows
