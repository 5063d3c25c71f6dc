#include <filesystem>

#include "experiments/data/dataset.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/study/paper.hpp"
#include "output/file/text_file.hpp"

namespace shallows {
namespace {

void report(const PaperArguments& arguments, std::span<const PaperResult> results) {
  if (arguments.json) {
    print(paper_json(results));
  } else if (arguments.markdown) {
    print(paper_markdown(results));
  } else {
    print(paper_text(results));
  }
}

/// Both curves, each as a table and a picture. False if a signal stopped them.
bool draw_curves(const PaperOptions& options, const Dataset& dataset, std::vector<PaperResult>& all) {
  for (const CurveAxis axis : {CurveAxis::hidden, CurveAxis::patch}) {
    const auto results = run_paper_curves(options, dataset, axis);
    if (!results) return false;
    const std::string name = (std::filesystem::path(options.directory) / curves_name(options, axis)).string();
    if (results->empty()) {
      note("no run of '" + name + "' is finished; nothing to draw");
      continue;
    }
    write_text_file(name + ".csv", curves_csv(*results));
    write_text_file(name + ".svg", curves_svg(*results, axis));
    note("wrote " + name + ".csv and .svg");
    all.insert(all.end(), results->begin(), results->end());
  }
  return true;
}

}  // namespace

int run(const PaperArguments& arguments) {
  PaperOptions options = arguments.options;
  const ThreadLimit limit(arguments.threads);
  options.threads = limit.threads();
  paper_scale(options.scale);
  DatasetConfig config;
  config.name = options.dataset;
  const Dataset dataset = load_dataset(config);
  prepare_output((std::filesystem::path(options.directory) / "run.h5").string(), "");
  interrupt::install();
  std::vector<PaperResult> results;
  bool complete = false;
  if (arguments.curves) {
    complete = draw_curves(options, dataset, results);
  } else if (auto rows = run_paper(options, dataset)) {
    results = std::move(*rows);
    complete = true;
  }
  if (!complete) {
    note("stopped; the same command goes on from the files in '" + options.directory + "'");
    return 128 + interrupt::requested();
  }
  report(arguments, results);
  const std::vector<std::string> failures = failures_of(results);
  for (const std::string& failure : failures) note(failure);
  return failures.empty() ? exit_code::kDone : exit_code::kFailed;
}

}  // namespace shallows
