#include "experiments/run/network.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "experiments/run/bank.hpp"
#include "experiments/run/stored/projections.hpp"
#include "models/spiking/spiking_layers.hpp"
#include "output/record/trials.hpp"

namespace shallows {
namespace {

constexpr const char* kClassCount = "network/class_count";

std::variant<SpikingNetwork, RateNetwork, MemoryNetwork> build(const Config& config, ImageShape shape,
                                                               std::size_t classes,
                                                               const ReceptiveFields* bank,
                                                               std::span<const Projection> upper,
                                                               std::optional<Thresholds> thresholds) {
  if (const MemoryParams* params = config.memory()) {
    MemoryParams memory = *params;
    memory.cells = config.hidden.cells;
    return MemoryNetwork(memory, bank, shape, classes);
  }
  if (const RateParams* params = config.rate()) {
    RateParams rate = *params;
    rate.inhibition = inhibition_of(config.hidden.bank);
    rate.cells = config.hidden.cells;
    return RateNetwork(rate, bank, upper, shape.pixels(), classes, config.seed);
  }
  const SpikingParams& spiking = *config.spiking();
  std::vector<SpikingLayer> layers = spiking_layers(spiking, *bank, config.hidden.cells.pool, upper);
  if (!thresholds) {
    std::vector<std::size_t> sizes = {shape.pixels()};
    for (const SpikingLayer& layer : layers) sizes.push_back(layer.synapses.targets());
    sizes.push_back(classes);
    thresholds = draw_thresholds(spiking.threshold, sizes, config.seed);
  }
  return SpikingNetwork(spiking, std::move(layers), std::move(*thresholds), config.seed);
}

/// Of the populations that a network of this configuration has.
std::vector<std::size_t> population_sizes(const Config& config, ImageShape shape, std::size_t classes,
                                          const ReceptiveFields& bank, std::span<const Projection> upper) {
  std::vector<std::size_t> sizes = {shape.pixels()};
  const Pool& pool = config.hidden.cells.pool;
  if (pool.reach > 0) sizes.push_back(simple_cells(bank, pool).fields.size());
  sizes.push_back(bank.size());
  for (const Projection& layer : upper) sizes.push_back(layer.synapses.targets());
  sizes.push_back(classes);
  return sizes;
}

}  // namespace

Network::Network(const Config& config, ImageShape shape, std::size_t classes,
                 std::optional<ReceptiveFields> bank, std::vector<Projection> upper,
                 std::optional<Thresholds> thresholds)
    : shape_(shape),
      transient_ms_(config.spiking() != nullptr ? config.spiking()->protocol.transient_ms : 0.0),
      bank_(std::move(bank)),
      pool_(config.hidden.cells.pool),
      upper_(std::move(upper)),
      judge_every_(config.memory() != nullptr ? config.memory()->judge_every : 0),
      network_(build(config, shape, classes, bank_ ? &*bank_ : nullptr, upper_, std::move(thresholds))) {}

Network Network::make(const Config& config, ImageShape shape, std::size_t classes,
                      std::optional<ReceptiveFields> bank) {
  const BankOrigin origin = origin_of(config.hidden.bank);
  if (!bank && origin == BankOrigin::drawn)
    bank = make_fields(config.hidden.bank, config.hidden, {.shape = shape, .seed = config.seed})->bank;
  assert(bank.has_value() == (origin != BankOrigin::none));
  std::vector<Projection> upper;
  if (bank) upper = make_upper_layers(config.upper, places_of(*bank), shape, config.seed);
  return {config, shape, classes, std::move(bank), std::move(upper), std::nullopt};
}

Network Network::restore(const Config& config, std::span<const NamedArray> arrays, std::size_t classes,
                         Restore restore) {
  const ImageShape shape = stored_shape(arrays);
  const std::size_t stored = array_values<std::uint32_t>(arrays, kClassCount, 1)[0];
  classes = config.memory() != nullptr ? std::max(stored, classes) : stored;
  std::optional<ReceptiveFields> bank;
  if (origin_of(config.hidden.bank) != BankOrigin::none) {
    bank = stored_bank(arrays, shape);
    require_inhibition(*bank, config, "this file");
  }
  std::vector<Projection> upper;
  for (std::size_t l = 0; l < config.upper.size() && config.upper[l].exists(); ++l) {
    const std::size_t below = l == 0 ? bank->size() : upper.back().synapses.targets();
    upper.push_back(stored_projection(arrays, layer_name(l + 2), below));
  }
  std::optional<Thresholds> thresholds;
  if (config.spiking() != nullptr) {
    thresholds = stored_thresholds(arrays, population_names(config),
                                   population_sizes(config, shape, classes, *bank, upper));
  }
  Network network(config, shape, classes, std::move(bank), std::move(upper), std::move(thresholds));
  if (auto* rate = std::get_if<RateNetwork>(&network.network_)) rate->restore(arrays);
  if (auto* spiking = std::get_if<SpikingNetwork>(&network.network_)) {
    if (restore == Restore::everything) {
      spiking->restore(arrays);
    } else {
      spiking->restore_weights(arrays);
    }
  }
  return network;
}

Network Network::with_bank(const Config& config, ReceptiveFields bank) const {
  const auto& rate = std::get<RateNetwork>(network_);
  assert(!rate.bank_learns());
  Network network(config, shape_, classes(), std::move(bank), upper(), std::nullopt);
  std::get<RateNetwork>(network.network_).restore(rate.arrays());
  return network;
}

std::size_t Network::classes() const {
  return std::visit([](const auto& net) { return net.classes(); }, network_);
}

std::size_t Network::hidden() const {
  return std::visit([](const auto& net) { return net.hidden(); }, network_);
}

std::string Network::engine() const {
  if (memory() != nullptr) return "matrix products";
  const auto* spiking = std::get_if<SpikingNetwork>(&network_);
  return spiking != nullptr ? spiking->engine() : "batched float";
}

std::vector<PopulationInfo> Network::populations() const {
  const auto* spiking = std::get_if<SpikingNetwork>(&network_);
  if (spiking == nullptr) return {};
  std::vector<PopulationInfo> populations;
  for (std::size_t p = 0; p < spiking->populations().size(); ++p)
    populations.push_back({spiking->populations()[p], spiking->size(p)});
  return populations;
}

LearningReport Network::learn(std::span<const Presentation> presentations, std::span<Activity> activities,
                              std::span<std::uint8_t> predicted) {
  if (auto* rate = std::get_if<RateNetwork>(&network_)) {
    for (Activity& activity : activities) activity.synaptic_events = rate->synaptic_operations();
    return rate->learn(presentations, predicted);
  }
  if (auto* memory = std::get_if<MemoryNetwork>(&network_)) {
    static_assert(MemoryNetwork::kNotJudged == no_class);
    memory->learn(presentations, judge_every_, predicted);
    for (std::size_t k = 0; k < activities.size(); ++k)
      activities[k].synaptic_events = memory->operations(presentations[k].label);
    return {};
  }
  std::get<SpikingNetwork>(network_).learn(presentations, activities);
  for (std::size_t k = 0; k < activities.size(); ++k) {
    std::vector<float> counts(classes(), 0.0F);
    const SpikeTrain& readout = activities[k].readout();
    for (std::size_t s = 0; s < readout.size() && readout.times()[s] < transient_ms_; ++s) {
      counts[readout.sources()[s]] += 1.0F;
    }
    predicted[k] = first_maximum(counts);
  }
  return {};
}

std::uint64_t Network::granularity() const {
  const auto* rate = std::get_if<RateNetwork>(&network_);
  return rate != nullptr ? rate->granularity() : 1;
}

std::optional<ReceptiveFields> Network::bank() const {
  const auto* rate = std::get_if<RateNetwork>(&network_);
  if (rate == nullptr || !rate->bank_learns()) return bank_;
  return ReceptiveFields(shape_, bank_->patch(), {bank_->positions().begin(), bank_->positions().end()},
                         *rate->learned_weights(1));
}

std::vector<Projection> Network::upper() const {
  std::vector<Projection> upper = upper_;
  const auto* rate = std::get_if<RateNetwork>(&network_);
  for (std::size_t l = 0; rate != nullptr && l < upper.size(); ++l) {
    if (auto weights = rate->learned_weights(l + 2)) upper[l].synapses.weights_mV = std::move(*weights);
  }
  return upper;
}

void Network::respond(std::span<const Image> images, std::span<Activity> activities,
                      std::span<Response> responses) const {
  if (const MemoryNetwork* net = memory()) {
    std::vector<Response> answers = net->respond(images);
    std::move(answers.begin(), answers.end(), responses.begin());
    for (Activity& activity : activities) activity.synaptic_events = net->operations();
    return;
  }
  tbb::parallel_for(std::size_t{0}, images.size(), [&](std::size_t k) {
    if (const auto* rate = std::get_if<RateNetwork>(&network_)) {
      activities[k].synaptic_events = rate->synaptic_operations();
      responses[k] = rate->respond(images[k]);
    } else {
      responses[k] = std::get<SpikingNetwork>(network_).respond(images[k], activities[k]);
    }
  });
}

SpikingNetwork::TestSequence Network::test_sequence() const {
  return std::get<SpikingNetwork>(network_).test_sequence();
}

std::vector<NamedArray> Network::arrays() const {
  std::vector<NamedArray> arrays;
  if (const auto* rate = std::get_if<RateNetwork>(&network_)) arrays = rate->arrays();
  if (const auto* spiking = std::get_if<SpikingNetwork>(&network_)) arrays = spiking->arrays();
  if (const auto fields = bank()) {
    for (NamedArray& array : bank_arrays(*fields)) arrays.push_back(std::move(array));
  }
  if (is_spiking() && pool_.reach > 0) {
    for (NamedArray& array : simple_cell_arrays(*bank_, pool_)) arrays.push_back(std::move(array));
  }
  const std::vector<Projection> layers = upper();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    for (NamedArray& array : projection_arrays(layer_name(l + 2), layers[l]))
      arrays.push_back(std::move(array));
  }
  arrays.push_back(shape_array(shape_));
  arrays.push_back({kClassCount, {1}, std::vector<std::uint32_t>{static_cast<std::uint32_t>(classes())}});
  return arrays;
}

std::vector<NamedArray> Network::initial_arrays() const {
  if (const auto* spiking = std::get_if<SpikingNetwork>(&network_)) return spiking->initial_arrays();
  const auto* rate = std::get_if<RateNetwork>(&network_);
  if (rate == nullptr) return {};
  std::vector<NamedArray> arrays = rate->initial_arrays();
  if (rate->bank_learns()) {
    NamedArray filters = std::move(bank_arrays(*bank()).front());
    filters.name = "initial/" + filters.name;
    arrays.push_back(std::move(filters));
  }
  for (std::size_t l = 0; l < upper_.size(); ++l) {
    const auto weights = rate->learned_weights(l + 2);
    if (weights)
      arrays.push_back({"initial/" + projection_weights(layer_name(l + 2)), {weights->size()}, *weights});
  }
  return arrays;
}

std::string model_name(const Config& config, ImageShape shape) {
  if (origin_of(config.hidden.bank) == BankOrigin::none)
    return config.memory() != nullptr ? abbreviation_of(config.hidden.bank) : "sp";
  const std::string prefix = config.hidden.patch < std::max(shape.height, shape.width) ? "l-" : "";
  const RateParams* rate = config.rate();
  const bool learns = rate != nullptr && learning_params(rate->hidden.rule) != nullptr;
  std::string name =
      prefix + (learns ? abbreviation_of(rate->hidden.rule) : abbreviation_of(config.hidden.bank));
  if (config.hidden.cells.pool.reach > 0 && config.memory() == nullptr) name += "-complex";
  for (std::size_t l = 0; l < config.upper.size() && config.upper[l].exists(); ++l) {
    const std::string rule = rate != nullptr ? abbreviation_of(rate->upper[l].rule) : "";
    name += "+" + (rule.empty() ? abbreviation_of(config.upper[l]) : rule);
  }
  return name;
}

std::string coding_name(const Config& config) { return name_of(config.network); }

}  // namespace shallows
