#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "experiments/config/suggest.hpp"
#include "experiments/program/arguments.hpp"
#include "experiments/program/catalogue.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/option_checks.hpp"
#include "experiments/run/stored/provenance.hpp"

namespace shallows {
namespace {

CLI::Option* add_configuration(CLI::App& command, std::string& config) {
  return command
      .add_option("config", config, "Configuration: a TOML file, or a name of 'shallows list configs'")
      ->type_name("CONFIG.toml");
}

void add_set(CLI::App& command, std::vector<std::string>& overrides) {
  command
      .add_option("--set", overrides,
                  "Override a configuration key, e.g. --set hidden.size=1000; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_threads(CLI::App& command, std::uint64_t& threads) {
  command
      .add_option("--threads", threads, "Threads to use (default: all cores; results do not depend on it)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
}

void add_run_options(CLI::App& command, RunOptions& options) {
  add_set(command, options.overrides);
  command
      .add_option("--record", options.record,
                  "Spikes to record: POPULATIONS[@[PHASE:]FIRST:LAST[:STEP]], all or none; "
                  "e.g. hidden,readout@test:0:100, all@both or readout@5")
      ->type_name("WHAT");
  add_threads(command, options.threads);
  command.add_flag("--json", options.json, "Print one JSON object on stdout instead of text");
  command.add_flag("-q,--quiet", options.quiet, "No progress on stderr");
}

void add_force(CLI::App& command, bool& force) {
  command.add_flag("--force", force,
                   "Replace a finished file of other settings or data, which is kept as FILE.bak");
}

void add_allow_seen(CLI::App& command, bool& allow) {
  command.add_flag("--allow-seen-images", allow,
                   "Judge by images that the network or its bank has learned from, with a warning");
}

void add_train(CLI::App& app, TrainArguments& arguments) {
  CLI::App* command =
      app.add_subcommand("train", "Train a network, test it, and write everything to one HDF5 file");
  add_configuration(*command, arguments.config)->required();
  command
      ->add_option("-o,--output", arguments.output,
                   "Run file to write (default: runs/NAME-KEY=VALUE-...-seedN.h5, from the configuration's "
                   "name, what was set and the seed)")
      ->type_name("RUN.h5");
  command->add_option("--seed", arguments.seed, "Override the configuration's seed")
      ->check(whole_number_from(0));
  command
      ->add_option("--from", arguments.from,
                   "Go on with the trained network of this run file: other images, new classes of a memory")
      ->type_name("RUN.h5");
  command->add_flag("--resume", arguments.resume,
                    "Continue an interrupted run; may be given on the first run too");
  add_force(*command, arguments.force);
  add_allow_seen(*command, arguments.allow_seen_images);
  command
      ->add_option("--max-time", arguments.max_seconds,
                   "Stop after so many seconds of training, with a checkpoint")
      ->type_name("S")
      ->check(positive_number());
  command
      ->add_option("--checkpoint-every", arguments.checkpoint_every,
                   "Images between checkpoints (default: 10000)")
      ->type_name("N")
      ->check(whole_number_from(1));
  command
      ->add_option("--bank", arguments.bank,
                   "Take the receptive fields from this bank or run file (default: make them)")
      ->type_name("BANK.h5");
  add_run_options(*command, arguments.run);
}

void add_bank(CLI::App& app, BankArguments& arguments) {
  CLI::App* command =
      app.add_subcommand("bank", "Make a configuration's receptive fields and save them, for train --bank");
  add_configuration(*command, arguments.config)->required();
  command
      ->add_option("-o,--output", arguments.output,
                   "Bank file to write (default: runs/NAME-KEY=VALUE-...-seedN-bank.h5)")
      ->type_name("BANK.h5");
  command
      ->add_option("--mosaic", arguments.mosaic,
                   "Write a picture of the filters, too, as PNG or SVG by its ending")
      ->type_name("FILTERS.png|.svg");
  command
      ->add_option("--mosaic-filters", arguments.mosaic_filters,
                   "Filters in the picture at most (default: 400)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10000}));
  command->add_option("--seed", arguments.seed, "Override the configuration's seed")
      ->check(whole_number_from(0));
  add_set(*command, arguments.overrides);
  add_force(*command, arguments.force);
  add_threads(*command, arguments.threads);
  command->add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
  command->add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

void add_test(CLI::App& app, TestArguments& arguments) {
  CLI::App* command = app.add_subcommand("test", "Test a trained network; nothing is learned");
  command->add_option("run", arguments.run_file, "Run file or checkpoint")->required()->type_name("RUN.h5");
  command->add_option("-o,--output", arguments.output, "File for trials, spikes and figures (default: none)")
      ->type_name("TEST.h5");
  command->add_option("--split", arguments.split, "Images to test on (default: test)")
      ->check(CLI::IsMember({"train", "validation", "test"}));
  add_force(*command, arguments.force);
  add_allow_seen(*command, arguments.allow_seen_images);
  add_run_options(*command, arguments.run);
}

void add_inspect(CLI::App& app, InspectArguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "inspect",
      "Show what is in a file: tree, populations, rates, intervals, learning curve, raster of a trial");
  command->add_option("file", arguments.file, "Run, test, checkpoint or any SONATA spike file")
      ->required()
      ->type_name("RUN.h5");
  command->add_option("--population", arguments.populations, "Only these populations, e.g. hidden,readout")
      ->type_name("P");
  command->add_option("--trial", arguments.trial, "Show the spikes of this trial (from 0) as a raster")
      ->type_name("K")
      ->check(whole_number_from(0));
  command->add_option("--curve", arguments.curve, "Columns of /metrics to draw")->type_name("NAMES");
  command->add_option("--picture", arguments.picture, "Draw the rows of a memory network into this file")
      ->type_name("ROWS.png");
  command->add_option("--rows", arguments.rows, "Rows of each class in the picture (default: 40)")
      ->type_name("N")
      ->check(whole_number_from(1));
  command->add_flag("--ascii", arguments.ascii, "Draw with ASCII characters only");
  command->add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
}

void add_compare(CLI::App& app, CompareArguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "compare", "Compare runs: accuracy with its 95 % interval, spikes, operations, time");
  command->add_option("runs", arguments.files, "Run or test files")->required()->type_name("RUN.h5");
  auto* json = command->add_flag("--json", arguments.json, "An array of rows");
  auto* csv = command->add_flag("--csv", arguments.csv, "Comma-separated values");
  auto* markdown = command->add_flag("--markdown", arguments.markdown, "A Markdown table");
  json->excludes(csv)->excludes(markdown);
  csv->excludes(markdown);
}

void add_figure(CLI::App& app, FigureArguments& arguments) {
  CLI::App* command =
      app.add_subcommand("figure", "Train and test many networks, and write what came out as CSV and SVG");
  command
      ->add_option("what", arguments.what,
                   "neurons: accuracy of a memory over its size; classes: accuracy after each added class; "
                   "match: distances against spiking rows; settings: accuracy on validation images of all "
                   "combinations of --vary (CSV only). neurons and settings use finished runs again: "
                   "NAME.runs.json")
      ->required()
      ->check(CLI::IsMember({"neurons", "classes", "match", "settings"}));
  command->add_option("configs", arguments.configs, "Configuration; for classes one for each network")
      ->required()
      ->type_name("CONFIG.toml");
  command->add_option("-o,--output", arguments.output, "Files to write: NAME.csv and NAME.svg")
      ->required()
      ->type_name("NAME");
  command
      ->add_option("--runs", arguments.runs,
                   "neurons, settings: runs of each point, with a seed each (default: 5; 1)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}));
  command
      ->add_option("--values", arguments.values,
                   "neurons, match: sizes (default: 14 from 10 to 40000; 100, 1000 and 2000)")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->check(whole_number_from(1));
  command
      ->add_option("--threshold", arguments.threshold,
                   "neurons: draw a second curve, with this novelty threshold")
      ->check(positive_number());
  command
      ->add_option("--vary", arguments.alternatives,
                   "settings: values that a configuration key takes in turn; may be repeated")
      ->type_name("KEY=A,B,...")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_set(*command, arguments.overrides);
  add_threads(*command, arguments.threads);
  command->add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

std::vector<std::string> list_names() {
  std::vector<std::string> names;
  for (Catalogue& list : catalogues()) names.push_back(std::move(list.name));
  names.emplace_back("configs");
  return names;
}

void add_list(CLI::App& app, ListArguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "list", "List what there is to choose from: networks, banks, rules, datasets, configurations");
  command->add_option("what", arguments.what, "One of these only")->check(CLI::IsMember(list_names()));
  command
      ->add_option("--configs", arguments.directory,
                   "Where the configurations are (default: experiments/configs here or of the sources)")
      ->type_name("DIRECTORY");
  command->add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
}

void add_config(CLI::App& app, ConfigArguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "config", "Print the effective configuration as TOML: every key with its unit, meaning and range");
  CLI::Option* file = add_configuration(*command, arguments.config);
  CLI::Option* reference =
      command->add_flag("--reference", arguments.reference,
                        "Print every key of every network, bank and rule as Markdown instead");
  add_set(*command, arguments.overrides);
  reference->excludes(file);
  command->callback([file, reference] {
    if (file->empty() && reference->empty()) throw CLI::RequiredError("a CONFIG.toml, or --reference");
  });
}

void add_bench(CLI::App& app, BenchArguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "bench", "Time the engines on the paper's network, side by side in one run (needs MNIST)");
  command->add_option("--hidden", arguments.options.hidden, "Hidden neurons (default: 5000)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000}));
  command->add_option("--patch", arguments.options.patch, "Side of the patches (default: 10)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{28}));
  command
      ->add_option(
          "--suite", arguments.suite,
          "engine: every figure of the engine (default); paper: the training alone, extrapolated to the "
          "paper's 1e6 presentations; rate: updates of l-rg against the machine's limits; memory: a memory "
          "network beside Eigen's product")
      ->check(CLI::IsMember({"engine", "paper", "rate", "memory"}));
  command->add_option("--plot", arguments.plot, "Write time per synaptic event over the sizes as SVG here")
      ->option_text("FILE.svg");
  command
      ->add_option("--images", arguments.options.images, "Presentations for the fast engine (default: 200)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{60000}));
  command
      ->add_option("--threads", arguments.options.threads,
                   "Compare one thread with so many (default: all cores)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
  command
      ->add_option("--rows", arguments.memory_rows, "Rows of the suite memory, at least 10 (default: 20000)")
      ->check(CLI::Range(std::uint64_t{10}, std::uint64_t{60000}));
  command->add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
}

void add_paper(CLI::App& app, PaperArguments& arguments, bool& quiet) {
  PaperOptions& options = arguments.options;
  CLI::App* command = app.add_subcommand(
      "paper", "Reproduce the paper's table: train what is missing, then print its numbers beside ours");
  command->add_option("--dataset", options.dataset, "mnist, fashion-mnist, ... (default: mnist)");
  command->add_option("--seeds", options.seeds, "Runs of each row, with seeds 1, 2, ... (default: 3)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}));
  command->add_option("--scale", options.scale, "quick, or full: the paper's sizes (default: quick)");
  const auto size = [&](const char* name, auto& value, const char* help) {
    command->add_option(name, value, help)->check(whole_number_from(1))->type_name("N");
  };
  size("--hidden", options.hidden, "Hidden neurons, in place of the scale's");
  size("--patch", options.patch, "Side of the localized patches, in place of the scale's");
  size("--updates", options.updates, "Training images of each run, in place of the scale's");
  command->add_option("--only", options.models, "Only these models, e.g. l-rg,l-bp")->delimiter(',');
  auto* coding = command->add_option("--coding", options.coding, "Only these networks (default: both)")
                     ->check(CLI::IsMember({"rate", "spiking"}));
  command->add_flag("--trained", options.trained_only, "Train nothing: only what finished runs say");
  command
      ->add_flag("--curves", arguments.curves,
                 "Instead of the table: accuracy of the rate networks rp, rg, l-rp and l-rg over hidden size "
                 "and patch size, as CSV and SVG, with tuned settings (of rp and rg those of the column "
                 "'tuned', of l-rp and l-rg others, which learn at every size). With --only the others keep "
                 "their finished points")
      ->excludes(coding);
  command->add_option("-o,--output", options.directory, "Where the run files are (default: runs/paper)")
      ->type_name("DIRECTORY");
  add_threads(*command, arguments.threads);
  auto* json = command->add_flag("--json", arguments.json, "An array of rows");
  command->add_flag("--markdown", arguments.markdown, "A Markdown table")->excludes(json);
  command->add_flag("-q,--quiet", quiet, "No progress on stderr");
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// Answers 'shallows help [COMMAND]', and says the exit code.
int help(const CLI::App& app, const std::string& command) {
  const std::vector<std::string> names = command_names(app);
  if (!command.empty() && std::find(names.begin(), names.end(), command) == names.end()) {
    note(unknown_name("command", command, "", names));
    return exit_code::kUsage;
  }
  // The program's own help would turn into that of the command 'help', which was called.
  print(command.empty() ? app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal)
                        : app.get_subcommand(command)->help(app.get_name()));
  return exit_code::kDone;
}

/// What CLI11 calls a missing subcommand is more often a misspelt one.
std::string describe_usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::vector<std::string> names = command_names(app);
  const bool is_word = argc >= 2 && argv[1][0] != '-';
  if (!is_word || std::find(names.begin(), names.end(), argv[1]) != names.end()) return error.what();
  return unknown_name("command", argv[1], "", names);
}

constexpr const char* kPurpose =
    "Shallows simulates shallow spiking and rate networks on images: exact event-driven LIF neurons, an "
    "STDP readout, random and Gabor receptive fields (Illing, Gerstner and Brea 2019).";

constexpr const char* kFooter =
    "Start with:\n"
    "  shallows train experiments/configs/demo-lif-l-rg.toml -o runs/demo.h5\n"
    "  shallows inspect runs/demo.h5 --trial 0\n"
    "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data or file, 4 checkpoint does not fit,\n"
    "130/143 stopped by a signal after writing a checkpoint.";

}  // namespace

std::variant<Arguments, int> parse_command_line(int argc, char** argv) {
  CLI::App app(kPurpose, "shallows");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text(), "Print version, compiler and vector unit");
  app.footer(kFooter);
  TrainArguments train;
  BankArguments bank;
  TestArguments test;
  InspectArguments inspect;
  CompareArguments compare;
  FigureArguments figure;
  ListArguments list;
  ConfigArguments config;
  BenchArguments bench;
  PaperArguments paper;
  bool paper_is_quiet = false;
  std::string helped;
  app.add_subcommand("help", "Print this, or the options of a command")
      ->add_option("command", helped, "Command to explain")
      ->type_name("COMMAND");
  add_train(app, train);
  add_bank(app, bank);
  add_test(app, test);
  add_inspect(app, inspect);
  add_compare(app, compare);
  add_figure(app, figure);
  add_list(app, list);
  add_config(app, config);
  add_bench(app, bench);
  add_paper(app, paper, paper_is_quiet);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    note(describe_usage_error(app, error, argc, argv) +
         "\nRun 'shallows --help', or 'shallows COMMAND --help'.");
    return exit_code::kUsage;
  }
  if (app.got_subcommand("help")) return help(app, helped);
  for (int i = 0; i < argc; ++i) train.command_line += (i > 0 ? " " : "") + std::string(argv[i]);
  bank.command_line = train.command_line;
  test.command_line = train.command_line;
  paper.options.command_line = train.command_line;
  if (paper_is_quiet) paper.options.verbosity = Verbosity::quiet;
  if (app.got_subcommand("train")) return Arguments(train);
  if (app.got_subcommand("bank")) return Arguments(bank);
  if (app.got_subcommand("test")) return Arguments(test);
  if (app.got_subcommand("inspect")) return Arguments(inspect);
  if (app.got_subcommand("compare")) return Arguments(compare);
  if (app.got_subcommand("figure")) return Arguments(figure);
  if (app.got_subcommand("list")) return Arguments(list);
  if (app.got_subcommand("config")) return Arguments(config);
  if (app.got_subcommand("paper")) return Arguments(paper);
  return Arguments(bench);
}

}  // namespace shallows
