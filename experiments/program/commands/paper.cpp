#include "experiments/study/paper.hpp"

#include <filesystem>

#include "experiments/data/dataset.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/interrupt.hpp"
#include "output/file/text_file.hpp"

namespace shallows {
namespace {

struct PaperArguments {
  std::string command_line;
  PaperOptions options;
  bool curves = false;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool markdown = false;
  bool quiet = false;
};

void add_options(CLI::App& command, PaperArguments& arguments) {
  PaperOptions& options = arguments.options;
  command.add_option("--dataset", options.dataset, "mnist, fashion-mnist, ... (default: mnist)");
  command.add_option("--seeds", options.seeds, "Runs of each row, with seeds 1, 2, ... (default: 3)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}));
  command.add_option("--scale", options.scale, "quick, or full: the paper's sizes (default: quick)");
  const auto size = [&](const char* name, auto& value, const char* help) {
    command.add_option(name, value, help)->check(whole_number_from(1))->type_name("N");
  };
  size("--hidden", options.hidden, "Hidden neurons, in place of the scale's");
  size("--patch", options.patch, "Side of the localized patches, in place of the scale's");
  size("--updates", options.updates, "Training images of each run, in place of the scale's");
  command.add_option("--only", options.models, "Only these models, e.g. l-rg,l-bp")->delimiter(',');
  auto* coding = command.add_option("--coding", options.coding, "Only these networks (default: both)")
                     ->check(CLI::IsMember({"rate", "spiking"}));
  command.add_flag("--trained", options.trained_only, "Train nothing: only what finished runs say");
  command
      .add_flag("--curves", arguments.curves,
                "Instead of the table: accuracy of the rate networks rp, rg, l-rp and l-rg over hidden size "
                "and patch size, as CSV and SVG, with tuned settings (of rp and rg those of the column "
                "'tuned', of l-rp and l-rg others, which learn at every size). With --only the others keep "
                "their finished points")
      ->excludes(coding);
  command.add_option("-o,--output", options.directory, "Where the run files are (default: runs/paper)")
      ->type_name("DIRECTORY");
  add_threads(command, arguments.threads);
  auto* json = command.add_flag("--json", arguments.json, "An array of rows");
  command.add_flag("--markdown", arguments.markdown, "A Markdown table")->excludes(json);
  command.add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

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

int run(const PaperArguments& arguments) {
  PaperOptions options = arguments.options;
  const ThreadLimit limit(arguments.threads);
  options.threads = limit.threads();
  options.command_line = arguments.command_line;
  if (arguments.quiet) options.verbosity = Verbosity::quiet;
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

}  // namespace

Command paper_command() {
  return {"paper", "Reproduce the paper's table: train what is missing, then print its numbers beside ours",
          add<PaperArguments, add_options, run>};
}

}  // namespace shallows
