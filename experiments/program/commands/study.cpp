#include "experiments/study/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/program/worker_processes.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/study/study_table.hpp"
#include "experiments/study/study_work.hpp"
#include "output/file/text_file.hpp"

namespace shallows {
namespace {

struct StudyArguments {
  std::string command_line;
  std::string what;
  StudyChoice choice;
  std::vector<std::string> vary;
  std::string seeds;
  std::string directory = "runs/studies";
  std::string name;  ///< of the tables; empty: the study's
  std::uint64_t jobs = 1;
  std::string task;
  bool gather = false;
  bool list = false;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool markdown = false;
  bool csv = false;
  bool quiet = false;
};

void add_options(CLI::App& command, StudyArguments& arguments) {
  command
      .add_option("what", arguments.what,
                  "A study ('shallows list studies'), or a configuration to vary: a name or a path")
      ->required()
      ->type_name("STUDY|CONFIG");
  command
      .add_option(
          "--vary", arguments.vary,
          "Values that a key takes in turn, in place of the study's sweeps; repeated: all combinations")
      ->type_name("KEY=A,B,...")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--seeds", arguments.seeds, "1:5 for 1 to 5, or 1,2,7 (default: the study's)");
  command.add_option("--scale", arguments.choice.scale,
                     "How much of it, e.g. quick or full (default: its first)");
  command.add_option("--only", arguments.choice.rows, "Only these rows")
      ->delimiter(',')
      ->type_name("ROW,...");
  add_set(command, arguments.choice.overrides);
  command
      .add_option("-o,--output", arguments.directory,
                  "Folder of tables and pictures, and of the runs of all its studies (default: runs/studies)")
      ->type_name("DIRECTORY");
  command.add_option("--name", arguments.name,
                     "Of the tables and pictures (default: the study's, the keys of --vary, the scale)");
  command.add_option("--jobs", arguments.jobs, "Runs side by side, which share the threads (default: 1)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}))
      ->type_name("N");
  auto* task =
      command.add_option("--task", arguments.task, "Only the share I of N of the runs, without tables")
          ->type_name("I/N");
  auto* gather = command.add_flag("--gather", arguments.gather, "Train nothing: tables of what is finished")
                     ->excludes(task);
  command.add_flag("--list", arguments.list, "Train nothing: print a command for each run")
      ->excludes(task)
      ->excludes(gather);
  add_threads(command, arguments.threads);
  auto* json = command.add_flag("--json", arguments.json, "Print JSON");
  auto* markdown = command.add_flag("--markdown", arguments.markdown, "Print Markdown")->excludes(json);
  command.add_flag("--csv", arguments.csv, "Print CSV")->excludes(json)->excludes(markdown);
  command.add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

/// Its name, that of its files, is never that of a study in a file: what is put together here has other tables.
Study study_asked_for(const StudyArguments& arguments) {
  const std::string path = study_path(arguments.what);
  const bool in_file = is_study(path);
  Study study = in_file ? read_study(path) : study_of(path);
  if (!arguments.vary.empty()) {
    Sweep sweep;
    for (const std::string& text : arguments.vary) sweep.push_back(parse_axis(text));
    for (const SweepAxis& axis : sweep) study.name += "-" + axis.key;
    study.sweeps = {std::move(sweep)};
  } else if (!in_file) {
    study.name += "-seeds";
  }
  if (!arguments.seeds.empty()) study.seeds = parse_seeds(arguments.seeds);
  if (!arguments.name.empty()) {
    study.name = arguments.name;
  } else if (!arguments.choice.scale.empty()) {
    study.name += "-" + arguments.choice.scale;
  }
  return study;
}

/// A shell command for each run: the words of this one but --list, and which run.
void list_commands(const StudyArguments& arguments, const StudyPlan& plan) {
  std::string command = arguments.command_line;
  if (const std::size_t at = command.find(" --list"); at != std::string::npos) command.erase(at, 7);
  std::string text;
  for (std::size_t k = 0; k < plan.runs.size(); ++k)
    text += fmt::format("{} --task {}/{}\n", command, k + 1, plan.runs.size());
  print(text);
}

/// Tables and pictures, beside the folder of the runs.
void write_results(const StudyArguments& arguments, const StudyResult& result) {
  const std::string base = (std::filesystem::path(arguments.directory) / result.study->name).string();
  write_text_file(base + ".csv", study_csv(result));
  write_text_file(base + "-runs.csv", runs_csv(result));
  write_text_file(base + ".md", study_markdown(result));
  const std::size_t sweeps = result.study->sweeps.size();
  for (std::size_t s = 0; s < sweeps; ++s) {
    const std::string svg = sweep_svg(result, s);
    if (!svg.empty()) write_text_file(base + (sweeps == 1 ? "" : fmt::format("-{}", s + 1)) + ".svg", svg);
  }
  if (!arguments.quiet) note(fmt::format("tables and pictures: {}.csv, .md, ...", base));
  if (arguments.json) {
    print(study_json(result));
  } else if (arguments.markdown) {
    print(study_markdown(result));
  } else if (arguments.csv) {
    print(study_csv(result));
  } else {
    const std::string best = best_on_validation(result);
    print(study_text(result) + (best.empty() ? "" : best + "\n"));
  }
}

void note_failures(const StudyResult& result) {
  for (std::size_t k = 0; k < result.outcomes.size(); ++k) {
    const auto& outcome = result.outcomes[k];
    if (!outcome || outcome->failure.empty()) continue;
    note(fmt::format("{}: {} (a result as others; delete '{}.failed.txt' to try again)",
                     run_title(*result.study, *result.plan, result.plan->runs[k]), outcome->failure,
                     outcome->file));
  }
}

/// Says what is finished, and how long the rest may take.
class Narrator {
 public:
  Narrator(const Study& study, const StudyPlan& plan, std::uint64_t workers)
      : study_(study), plan_(plan), workers_(workers) {}

  void operator()(const StudyRun& run, const RunOutcome& outcome) {
    ++done_;
    const auto position = static_cast<std::size_t>(&run - plan_.runs.data()) + 1;
    std::string what = "failed";
    for (const char* figure : {"test_accuracy", "validation_accuracy"}) {
      if (outcome.failure.empty() && outcome.figures.contains(figure))
        what = fmt::format("{:.2f} %", outcome.figures.at(figure).get<double>());
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    const double share = static_cast<double>(plan_.runs.size() - position) / static_cast<double>(workers_);
    note(fmt::format("[{}/{}] {}: {}; {} left at most", position, plan_.runs.size(),
                     run_title(study_, plan_, run), what,
                     format_duration(share * elapsed / static_cast<double>(done_))));
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Study& study_;
  const StudyPlan& plan_;
  std::uint64_t workers_;
  std::uint64_t done_ = 0;
  Clock::time_point start_ = Clock::now();
};

int stopped() {
  note("stopped; the same command goes on where this one was");
  return 128 + interrupt::requested();
}

int run(const StudyArguments& given) {
  StudyArguments arguments = given;
  arguments.choice.find_config = configuration_path;
  const Study study = study_asked_for(arguments);
  const StudyPlan plan = plan_study(study, arguments.choice);
  const StudyTask task = arguments.task.empty() ? StudyTask{} : parse_task(arguments.task);
  if (arguments.list) {
    list_commands(arguments, plan);
    return exit_code::kDone;
  }
  const std::string store_directory = (std::filesystem::path(arguments.directory) / "runs").string();
  prepare_output((std::filesystem::path(store_directory) / "run.h5").string(), "");
  prepare_output((std::filesystem::path(arguments.directory) / study.name).string() + ".csv", "");
  interrupt::install();
  const Rank rank = rank_of_process();
  const std::uint64_t workers = arguments.gather ? 1 : arguments.jobs * rank.size;
  // While there are no threads yet.
  WorkerProcesses processes;
  const bool is_copy = !arguments.gather && processes.fork(arguments.jobs - 1);
  const std::uint64_t all = arguments.threads != 0 ? arguments.threads : std::thread::hardware_concurrency();
  const ThreadLimit limit(std::max<std::uint64_t>(1, all / workers));
  RunStore store(plan, store_directory, arguments.command_line, limit.threads());
  if (!arguments.gather) {
    const bool reports = !is_copy && rank.rank == 0 && arguments.task.empty();
    Narrator narrator(study, plan, workers);
    const bool complete = work_on(plan, task, store, reports ? Waiting::for_others : Waiting::no,
                                  [&](const StudyRun& run, const RunOutcome& outcome) {
                                    if (!arguments.quiet) narrator(run, outcome);
                                  });
    if (is_copy) return complete ? exit_code::kDone : 128 + interrupt::requested();
    if (!processes.wait() && complete && interrupt::requested() == 0)
      note("one of the processes of --jobs has ended early; what it left undone was done by the others");
    if (!complete) return stopped();
    if (!reports) {
      if (!arguments.task.empty() && !arguments.quiet)
        note(fmt::format("task {} is done; --gather makes the tables of all", arguments.task));
      return exit_code::kDone;
    }
  }
  const StudyResult result = gather(study, plan, store);
  note_failures(result);
  write_results(arguments, result);
  return exit_code::kDone;
}

}  // namespace

Command study_command() {
  return {"study", "Train what a study lacks, rows x sweeps x seeds, then its tables and curves",
          add<StudyArguments, add_options, run>};
}

}  // namespace shallows
