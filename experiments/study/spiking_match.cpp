#include "experiments/study/spiking_match.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <chrono>

#include "experiments/run/evaluation/evaluation.hpp"
#include "experiments/run/training/training_loop.hpp"
#include "models/memory/spiking_memory.hpp"
#include "output/plot/line_plot.hpp"

namespace shallows {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

MatchPoint by_distance(Config config, const Dataset& dataset, Distance distance) {
  const auto start = Clock::now();
  auto& memory = std::get<MemoryParams>(config.network);
  memory.distance = distance;
  memory.judge_every = 0;
  Network network = Network::make(config, dataset.train.shape(), dataset.classes);
  teach_all(network, config, dataset.train);
  MatchPoint point{.max_neurons = config.memory()->max_neurons,
                   .match = distance == Distance::l2 ? "l2" : "cosine",
                   .accuracy = accuracy_on(network, config, dataset.test),
                   .seconds = 0.0};
  point.seconds = since(start);
  return point;
}

SpikingMemory trained(const Config& config, const Dataset& dataset) {
  const SpikingMemoryParams params{.max_neurons = config.memory()->max_neurons};
  SpikingMemory memory(params, dataset.train.shape().pixels(), dataset.classes);
  TrainingLoop loop(config, dataset.train);
  for (std::uint64_t first = 0; first < loop.size(); first += params.batch)
    memory.learn(loop.show(first, std::min(first + params.batch, loop.size())));
  return memory;
}

MatchPoint by_spikes(const SpikingMemory& memory, const Config& config, const ImageSet& test,
                     SpikingWinner winner) {
  const auto start = Clock::now();
  const std::size_t images =
      config.test_images == 0 ? test.size() : std::min<std::size_t>(config.test_images, test.size());
  std::vector<SpikingMemory::Answer> answers(images);
  tbb::parallel_for(std::size_t{0}, images, [&](std::size_t i) {
    answers[i] = memory.respond(test.image(i), winner, config.memory()->neighbours);
  });
  MatchPoint point{.max_neurons = config.memory()->max_neurons,
                   .match = winner == SpikingWinner::first_spike ? "first spike" : "most spikes",
                   .accuracy = 0.0,
                   .seconds = 0.0};
  const auto n = static_cast<double>(images);
  for (std::size_t i = 0; i < images; ++i) {
    point.accuracy += (answers[i].response.predicted == test.label(i) ? 100.0 : 0.0) / n;
    point.input_spikes += static_cast<double>(answers[i].input_spikes) / n;
    point.row_spikes += static_cast<double>(answers[i].row_spikes) / n;
    point.first_spike_ms += answers[i].first_spike_ms / n;
  }
  point.seconds = since(start);
  return point;
}

}  // namespace

std::vector<MatchPoint> spiking_match(const Config& config, const Dataset& dataset,
                                      const std::vector<std::uint64_t>& values,
                                      const std::function<void(const MatchPoint&)>& told) {
  if (config.memory() == nullptr || origin_of(config.hidden.bank) != BankOrigin::none) {
    throw Error(ErrorKind::configuration,
                "the spiking match is one of memories of pixels (the configuration has another model or "
                "receptive fields); "
                "give one with model = \"memory\" and hidden.kind = \"none\"");
  }
  std::vector<MatchPoint> points;
  const auto add = [&](MatchPoint point) {
    told(point);
    points.push_back(std::move(point));
  };
  for (const std::uint64_t value : values) {
    Config one = config;
    std::get<MemoryParams>(one.network).max_neurons = value;
    for (const Distance distance : {Distance::l2, Distance::cosine}) add(by_distance(one, dataset, distance));
    const auto start = Clock::now();
    const SpikingMemory memory = trained(one, dataset);
    const double training = since(start);
    for (const SpikingWinner winner : {SpikingWinner::first_spike, SpikingWinner::most_spikes}) {
      MatchPoint point = by_spikes(memory, one, dataset.test, winner);
      point.seconds += training;
      add(std::move(point));
    }
  }
  return points;
}

std::string match_csv(const std::vector<MatchPoint>& points) {
  std::string csv = "max_neurons,match,accuracy,input_spikes,row_spikes,first_spike_ms,seconds\n";
  for (const MatchPoint& point : points) {
    csv += fmt::format("{},{},{:.2f},{:.1f},{:.1f},{:.3f},{:.1f}\n", point.max_neurons, point.match,
                       point.accuracy, point.input_spikes, point.row_spikes, point.first_spike_ms,
                       point.seconds);
  }
  return csv;
}

std::string match_svg(const std::vector<MatchPoint>& points, const std::string& title) {
  LinePlot plot{.title = title,
                .x = {.title = "rows", .scale = AxisScale::logarithmic},
                .y = {.title = "test accuracy, %"},
                .series = {}};
  for (const MatchPoint& point : points) {
    auto own = std::find_if(plot.series.begin(), plot.series.end(),
                            [&](const PlotSeries& one) { return one.name == point.match; });
    if (own == plot.series.end()) own = plot.series.insert(own, {.name = point.match, .x = {}, .y = {}});
    own->x.push_back(static_cast<double>(point.max_neurons));
    own->y.push_back(point.accuracy);
  }
  return render_svg(plot);
}

}  // namespace shallows
