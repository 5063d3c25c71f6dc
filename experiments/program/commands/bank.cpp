#include "experiments/run/network/bank.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "encoders/mosaic.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/output_name.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/network/network.hpp"
#include "experiments/run/stored/finished_file.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "output/file/output_claim.hpp"
#include "output/file/text_file.hpp"
#include "output/plot/png.hpp"
#include "output/plot/svg_picture.hpp"

namespace shallows {
namespace {

struct BankArguments {
  std::string command_line;
  std::string config;
  std::string output;  ///< empty: see default_output()
  std::string mosaic;  ///< PNG or SVG file; empty: none
  std::uint64_t mosaic_filters = 400;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> overrides;
  bool force = false;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool quiet = false;
};

void add_options(CLI::App& command, BankArguments& arguments) {
  add_configuration(command, arguments.config)->required();
  command
      .add_option("-o,--output", arguments.output,
                  "Bank file to write (default: runs/NAME-KEY=VALUE-...-seedN-bank.h5)")
      ->type_name("BANK.h5");
  command
      .add_option("--mosaic", arguments.mosaic,
                  "Write a picture of the filters, too, as PNG or SVG by its ending")
      ->type_name("FILTERS.png|.svg");
  command
      .add_option("--mosaic-filters", arguments.mosaic_filters,
                  "Filters in the picture at most (default: 400)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10000}));
  command.add_option("--seed", arguments.seed, "Override the configuration's seed")
      ->check(whole_number_from(0));
  add_set(command, arguments.overrides);
  add_force(command, arguments.force);
  add_threads(command, arguments.threads);
  command.add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
  command.add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

Config read_arguments(const BankArguments& arguments) {
  std::vector<std::string> overrides = arguments.overrides;
  if (arguments.seed) overrides.push_back("seed=" + std::to_string(*arguments.seed));
  const Config config = read_configuration(arguments.config, overrides);
  const BankOrigin origin = origin_of(config.hidden.bank);
  if (origin == BankOrigin::none || origin == BankOrigin::given) {
    throw Error(ErrorKind::configuration,
                "there is no bank to make (" + arguments.config +
                    ": hidden.kind is \"none\" or \"file\"); choose one that is drawn or "
                    "learned");
  }
  return config;
}

/// Of a file name, with its dot; empty if it has none.
std::string lower_ending(const std::string& name) {
  std::string ending = std::filesystem::path(name).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

/// Throws Error (configuration) if the picture would take the place of the bank or is neither PNG nor
/// SVG.
void check_mosaic(const BankArguments& arguments) {
  namespace fs = std::filesystem;
  const fs::path picture = arguments.mosaic;
  std::error_code ignored;
  if (fs::weakly_canonical(fs::absolute(picture), ignored) ==
          fs::weakly_canonical(fs::absolute(arguments.output), ignored) ||
      fs::equivalent(picture, arguments.output, ignored)) {
    throw Error(ErrorKind::configuration,
                "the picture would take the place of the bank (--mosaic and -o are "
                "both '" +
                    arguments.mosaic + "'); name two files");
  }
  const std::string ending = lower_ending(arguments.mosaic);
  if (ending != ".png" && ending != ".svg") {
    throw Error(ErrorKind::configuration, "can't draw '" + arguments.mosaic +
                                              "' (pictures of filters are PNG or SVG files); give --mosaic a "
                                              "name that ends in .png or .svg");
  }
}

void write_mosaic(const BankArguments& arguments, const std::string& model, const ReceptiveFields& bank) {
  const Mosaic filters = mosaic(bank, arguments.mosaic_filters, 4);
  Picture picture(filters.height, filters.width, filters.channels, 0);
  picture.pixels = filters.pixels;
  if (lower_ending(arguments.mosaic) == ".png") {
    write_png(arguments.mosaic, picture);
    return;
  }
  const std::size_t shown = std::min<std::size_t>(arguments.mosaic_filters, bank.size());
  const std::string title = fmt::format("{}: {} of {} filters, patches of {} x {} pixels", model, shown,
                                        bank.size(), bank.patch(), bank.patch());
  write_text_file(arguments.mosaic, render_svg(picture, title));
}

std::string render(const nlohmann::json& result) {
  std::string text =
      fmt::format("{}: {} bank, {} filters of side {}, {}, seed {}\n", result.at("name").get<std::string>(),
                  result.at("model").get<std::string>(), result.at("hidden").get<std::size_t>(),
                  result.at("patch").get<std::size_t>(), result.at("dataset").get<std::string>(),
                  result.at("seed").get<std::uint64_t>());
  for (const auto& [name, value] : result.at("figures").items()) {
    text += fmt::format("  {:<19} {:.6g}\n", name, value.get<double>());
  }
  text += fmt::format("  made in             {}\n", format_duration(result.at("seconds").get<double>()));
  for (const char* file : {"output", "mosaic"}) {
    if (result.contains(file)) text += fmt::format("  {:<19} {}\n", file, result.at(file).get<std::string>());
  }
  return text;
}

int run(const BankArguments& given) {
  BankArguments arguments = given;
  const Config config = read_arguments(arguments);
  if (arguments.output.empty()) arguments.output = default_output(config, arguments.overrides, "-bank");
  if (!arguments.mosaic.empty()) check_mosaic(arguments);
  prepare_output(arguments.output, arguments.config);
  if (!arguments.mosaic.empty()) prepare_output(arguments.mosaic, arguments.config);
  const OutputClaim claim(arguments.output);
  const ThreadLimit limit(arguments.threads);
  const Dataset dataset = load_dataset(config.dataset);
  check_against_data(config, dataset.train.shape());
  const Provenance provenance = make_provenance(config, arguments.command_line, limit.threads());
  const Replace replace = arguments.force ? Replace::yes : Replace::no;
  // The same bank is made again, to the same bits: there may be a picture to draw.
  const Existing found =
      look_at_existing(arguments.output, FileKind::bank, config, dataset, provenance, replace);
  if (!found.backup.empty()) note_backup(arguments.output, found.backup);
  interrupt::install();
  const auto start = std::chrono::steady_clock::now();
  const MadeBank fields = learn_bank(config, dataset, arguments.quiet ? Verbosity::quiet : Verbosity::normal);
  nlohmann::json result = {
      {"name", config.name},
      {"dataset", dataset.name},
      {"training_images", dataset.train.size()},
      {"model", model_name(config, dataset.train.shape())},
      {"hidden", fields.bank.size()},
      {"patch", fields.bank.patch()},
      {"seed", config.seed},
      {"seconds", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()},
      {"threads", limit.threads()},
      {"version", program_version()},
      {"output", arguments.output},
      {"figures", nlohmann::json::object()}};
  for (const FitFigure& figure : fields.figures) result["figures"][figure.name] = figure.value;
  write_bank(arguments.output, fields.bank, config, dataset, provenance, result);
  if (!arguments.mosaic.empty()) {
    write_mosaic(arguments, result["model"], fields.bank);
    result["mosaic"] = arguments.mosaic;
  }
  if (arguments.json) {
    print(result);
  } else {
    print(render(result));
  }
  return exit_code::kDone;
}

}  // namespace

Command bank_command() {
  return {"bank", "Make a configuration's receptive fields and save them, for train --bank",
          add<BankArguments, add_options, run>};
}

}  // namespace shallows
