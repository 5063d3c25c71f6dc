#include "output/view/population_statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "output/record/trials.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::uint64_t rows_per_read = 262144;
constexpr std::uint64_t trials_per_read = 65536;
constexpr std::uint64_t most_spikes_sorted = std::uint64_t{1} << 24;

std::string times_path(const std::string& population) { return "/spikes/" + population + "/timestamps"; }
std::string ids_path(const std::string& population) { return "/spikes/" + population + "/node_ids"; }

/// Mean and variance of a stream of values (Welford 1962).
class Moments {
 public:
  void add(double value) {
    ++count_;
    const double off = value - mean_;
    mean_ += off / static_cast<double>(count_);
    squares_ += off * (value - mean_);
  }
  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }
  double deviation() const { return std::sqrt(squares_ / static_cast<double>(count_)); }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
};

/// Counts neurons and intervals of spikes that come in the order of time for each neuron.
class Counter {
 public:
  void add(double time, std::uint64_t id, std::uint64_t trial) {
    const auto [last, first_spike] = last_.try_emplace(id, time, trial);
    latest_ = std::max(latest_, time);
    if (first_spike) return;
    if (last->second.second == trial) {
      sorted_ = sorted_ && time >= last->second.first;
      intervals_.add(time - last->second.first);
    }
    last->second = {time, trial};
  }

  std::uint64_t active() const { return last_.size(); }
  double latest() const { return latest_; }
  /// False once a neuron's spike was before the one it came after.
  bool sorted() const { return sorted_; }
  const Moments& intervals() const { return intervals_; }

 private:
  std::unordered_map<std::uint64_t, std::pair<double, std::uint64_t>> last_;
  Moments intervals_;
  double latest_ = 0.0;
  bool sorted_ = true;
};

/// Milliseconds in the unit of a file's times; SONATA has only "ms", some programs write seconds.
double milliseconds_per_unit(const h5::File& file, const std::string& population) {
  const auto units = file.attribute(times_path(population), "units");
  const auto* text = units ? std::get_if<std::string>(&*units) : nullptr;
  return text != nullptr && (*text == "s" || *text == "sec" || *text == "seconds") ? 1000.0 : 1.0;
}

using Visit = std::function<void(double, std::uint64_t)>;

/// Calls visit(time, id) for the rows [first, last), block by block.
void visit_spikes(const h5::File& file, const std::string& population, std::uint64_t first,
                  std::uint64_t last, const Visit& visit) {
  for (std::uint64_t row = first; row < last; row += rows_per_read) {
    const std::uint64_t count = std::min(rows_per_read, last - row);
    const auto times = file.read_rows<double>(times_path(population), row, count);
    const auto ids = file.read_rows<std::uint64_t>(ids_path(population), row, count);
    for (std::size_t i = 0; i < times.size(); ++i) visit(times[i], ids[i]);
  }
}

/// Returns the time recorded, in ms.
double count_trials(const h5::File& file, const std::string& population, Counter& counter) {
  const Trials trials(file);
  double recorded_ms = 0.0;
  for (std::uint64_t first = 0; first < trials.count(); first += trials_per_read) {
    const std::uint64_t count = std::min(trials_per_read, trials.count() - first);
    const auto rows = trials.read_rows(first, count);
    const auto recorded = trials.recorded(population, first, count);
    const auto offsets = trials.offsets(population, first, count);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (recorded[i] != 0) recorded_ms += rows[i].stop_ms - rows[i].start_ms;
    }
    std::uint64_t row = offsets.front();
    std::size_t trial = 0;
    visit_spikes(file, population, offsets.front(), offsets.back(), [&](double time, std::uint64_t id) {
      while (row >= offsets[trial + 1]) ++trial;
      counter.add(time, id, first + trial);
      ++row;
    });
  }
  return recorded_ms;
}

/// Intervals of a file in no order.
Counter count_sorted(const h5::File& file, const std::string& population, std::uint64_t spikes,
                     double unit_ms) {
  std::vector<std::pair<double, std::uint64_t>> sorted;
  sorted.reserve(spikes);
  visit_spikes(file, population, 0, spikes,
               [&](double time, std::uint64_t id) { sorted.emplace_back(time * unit_ms, id); });
  std::sort(sorted.begin(), sorted.end());
  Counter counter;
  for (const auto& [time, id] : sorted) counter.add(time, id, 0);
  return counter;
}

double stated_duration_ms(const h5::File& file, const std::string& population, double latest) {
  const std::string group = "/spikes/" + population;
  if (!file.has_attribute(group, "t_start") || !file.has_attribute(group, "t_stop")) return latest;
  return file.attribute_as<double>(group, "t_stop") - file.attribute_as<double>(group, "t_start");
}

void require_population(const h5::File& file, const std::string& population) {
  const auto populations = spike_populations(file);
  if (std::find(populations.begin(), populations.end(), population) != populations.end()) return;
  std::string known;
  for (const std::string& name : populations) known += (known.empty() ? "" : ", ") + name;
  throw Error(
      ErrorKind::configuration,
      fmt::format("{} has no population '{}' ({}); choose another one", file.path(),
                  population, known.empty() ? std::string("no spikes were recorded") : "it has " + known));
}

}  // namespace

std::vector<std::string> spike_populations(const h5::File& file) {
  std::vector<std::string> names;
  if (!file.contains("/spikes")) return names;
  for (const h5::Child& child : file.children("/spikes")) {
    // Some programs put other things under /spikes.
    if (child.kind == h5::ObjectKind::group && file.contains(times_path(child.name)) &&
        file.contains(ids_path(child.name))) {
      names.push_back(child.name);
    }
  }
  return names;
}

std::uint64_t population_size(const h5::File& file, const std::string& population) {
  require_population(file, population);
  const std::string group = "/spikes/" + population;
  if (file.has_attribute(group, "size")) return file.attribute_as<std::uint64_t>(group, "size");
  const h5::Shape shape = file.shape(ids_path(population));
  const std::uint64_t spikes = shape.empty() ? 0 : shape[0];
  std::uint64_t size = 0;
  for (std::uint64_t row = 0; row < spikes; row += rows_per_read) {
    const auto ids =
        file.read_rows<std::uint64_t>(ids_path(population), row, std::min(rows_per_read, spikes - row));
    size = std::max(size, *std::max_element(ids.begin(), ids.end()) + 1);
  }
  return size;
}

PopulationStatistics population_statistics(const h5::File& file, const std::string& population) {
  PopulationStatistics statistics{.name = population, .neurons = population_size(file, population)};
  const h5::Shape shape = file.shape(times_path(population));
  statistics.spikes = shape.empty() ? 0 : shape[0];
  Counter counter;
  if (Trials::present(file) && file.contains(offsets_path(population))) {
    statistics.recorded_ms = count_trials(file, population, counter);
  } else {
    const double unit_ms = milliseconds_per_unit(file, population);
    visit_spikes(file, population, 0, statistics.spikes,
                 [&](double time, std::uint64_t id) { counter.add(time * unit_ms, id, 0); });
    if (!counter.sorted() && statistics.spikes <= most_spikes_sorted) {
      counter = count_sorted(file, population, statistics.spikes, unit_ms);
    }
    statistics.recorded_ms = stated_duration_ms(file, population, counter.latest());
  }
  statistics.active = counter.active();
  const double neuron_seconds = static_cast<double>(statistics.neurons) * statistics.recorded_ms / 1000.0;
  if (neuron_seconds > 0.0) statistics.mean_rate_hz = static_cast<double>(statistics.spikes) / neuron_seconds;
  if (counter.sorted() && counter.intervals().count() > 0) {
    statistics.intervals = counter.intervals().count();
    statistics.isi_mean_ms = counter.intervals().mean();
    statistics.isi_cv = counter.intervals().deviation() / counter.intervals().mean();
  }
  return statistics;
}

std::string render_populations(std::span<const PopulationStatistics> populations) {
  if (populations.empty()) return "no spikes were recorded\n";
  std::size_t width = std::string("population").size();
  for (const auto& p : populations) width = std::max(width, p.name.size());
  const auto figure = [](double value, const char* format) {
    return std::isnan(value) ? std::string("-") : fmt::format(fmt::runtime(format), value);
  };
  std::string text = fmt::format("{:<{}} {:>9} {:>9} {:>12} {:>12} {:>10} {:>9} {:>7}\n", "population", width,
                                 "neurons", "active", "spikes", "recorded ms", "rate Hz", "ISI ms", "ISI CV");
  for (const auto& p : populations) {
    text += fmt::format("{:<{}} {:>9} {:>9} {:>12} {:>12.1f} {:>10.3f} {:>9} {:>7}\n", p.name, width,
                        p.neurons, p.active, p.spikes, p.recorded_ms, p.mean_rate_hz,
                        figure(p.isi_mean_ms, "{:.3f}"), figure(p.isi_cv, "{:.3f}"));
  }
  return text +
         "rate: over all neurons and the time recorded; ISI: intervals within trials, of all neurons "
         "together\n";
}

nlohmann::json to_json(const PopulationStatistics& statistics) {
  return {{"name", statistics.name},
          {"neurons", statistics.neurons},
          {"active", statistics.active},
          {"spikes", statistics.spikes},
          {"recorded_ms", statistics.recorded_ms},
          {"mean_rate_hz", statistics.mean_rate_hz},
          {"intervals", statistics.intervals},
          {"isi_mean_ms", statistics.isi_mean_ms},
          {"isi_cv", statistics.isi_cv}};
}

}  // namespace shallows
