#include "experiments/study/study_work.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "experiments/run/interrupt.hpp"
#include "sim/core/error.hpp"

namespace shallows {

StudyTask parse_task(std::string_view text) {
  const auto refuse = [&] {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't do task '{}' (it is not I/N with I from 1 to N); write for example 2/5", text));
  };
  StudyTask task;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) refuse();
  const auto number = [&](std::string_view word, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) refuse();
  };
  number(text.substr(0, slash), task.index);
  number(text.substr(slash + 1), task.count);
  if (task.index < 1 || task.index > task.count) refuse();
  return task;
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
