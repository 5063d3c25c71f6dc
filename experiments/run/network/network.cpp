#include "experiments/run/network/network.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "experiments/run/network/bank.hpp"
#include "experiments/run/stored/projections.hpp"
#include "models/spiking/spiking_layers.hpp"
#include "output/record/trials.hpp"

namespace shallows {
namespace {

constexpr const char* kClassCount = "network/class_count";

/// What a network is made from beside its parameters.
struct Parts {
  const Config& config;
  ImageShape shape;
  std::size_t classes;
  const ReceptiveFields* bank;
  std::span<const Projection> upper;
  std::span<const NamedArray> stored;  ///< of the network that is to be restored; empty of a new one
};

MemoryNetwork make_network(MemoryParams params, const Parts& parts) {
  params.cells = parts.config.hidden.cells;
  return {params, parts.bank, parts.shape, parts.classes};
}

RateNetwork make_network(RateParams params, const Parts& parts) {
  params.inhibition = inhibition_of(parts.config.hidden.bank);
  params.cells = parts.config.hidden.cells;
  return {params, parts.bank, parts.upper, parts.shape.pixels(), parts.classes, parts.config.seed};
}

SpikingNetwork make_network(const SpikingParams& params, const Parts& parts) {
  std::vector<SpikingLayer> layers =
      spiking_layers(params, *parts.bank, parts.config.hidden.cells.pool, parts.upper);
  std::vector<std::size_t> sizes = {parts.shape.pixels()};
  for (const SpikingLayer& layer : layers) sizes.push_back(layer.synapses.targets());
  sizes.push_back(parts.classes);
  Thresholds thresholds = parts.stored.empty()
                              ? draw_thresholds(params.threshold, sizes, parts.config.seed)
                              : stored_thresholds(parts.stored, population_names(parts.config), sizes);
  return {params, std::move(layers), std::move(thresholds), parts.config.seed};
}

AnyNetwork build(const Parts& parts) {
  return std::visit([&](const auto& params) -> AnyNetwork { return make_network(params, parts); },
                    parts.config.network);
}

LearningReport learn_with(RateNetwork& net, std::span<const Presentation> presentations,
                          std::span<Activity> activities, std::span<std::uint8_t> predicted,
                          Measure measure) {
  for (Activity& activity : activities) activity.synaptic_events = net.synaptic_operations();
  return net.learn(presentations, predicted, measure);
}

LearningReport learn_with(MemoryNetwork& net, std::span<const Presentation> presentations,
                          std::span<Activity> activities, std::span<std::uint8_t> predicted, Measure) {
  static_assert(MemoryNetwork::kNotJudged == no_class);
  net.learn(presentations, net.params().judge_every, predicted);
  for (std::size_t k = 0; k < activities.size(); ++k)
    activities[k].synaptic_events = net.operations(presentations[k].label);
  return {};
}

LearningReport learn_with(SpikingNetwork& net, std::span<const Presentation> presentations,
                          std::span<Activity> activities, std::span<std::uint8_t> predicted, Measure) {
  net.learn(presentations, activities);
  for (std::size_t k = 0; k < activities.size(); ++k) {
    std::vector<float> counts(net.classes(), 0.0F);
    const SpikeTrain& readout = activities[k].readout();
    for (std::size_t s = 0; s < readout.size() && readout.times()[s] < net.transient_ms(); ++s)
      counts[readout.sources()[s]] += 1.0F;
    predicted[k] = first_maximum(counts);
  }
  return {};
}

void respond_with(const MemoryNetwork& net, std::span<const Image> images, std::span<Activity> activities,
                  std::span<Response> responses) {
  std::vector<Response> answers = net.respond(images);
  std::move(answers.begin(), answers.end(), responses.begin());
  for (Activity& activity : activities) activity.synaptic_events = net.operations();
}

void respond_with(const RateNetwork& net, std::span<const Image> images, std::span<Activity> activities,
                  std::span<Response> responses) {
  for (Activity& activity : activities) activity.synaptic_events = net.synaptic_operations();
  net.respond(images, responses);
}

void respond_with(const SpikingNetwork& net, std::span<const Image> images, std::span<Activity> activities,
                  std::span<Response> responses) {
  tbb::parallel_for(std::size_t{0}, images.size(),
                    [&](std::size_t k) { responses[k] = net.respond(images[k], activities[k]); });
}

}  // namespace

Network::Network(const Config& config, ImageShape shape, std::size_t classes,
                 std::optional<ReceptiveFields> bank, std::vector<Projection> upper,
                 std::span<const NamedArray> stored)
    : shape_(shape),
      bank_(std::move(bank)),
      pool_(config.hidden.cells.pool),
      upper_(std::move(upper)),
      network_(build({config, shape, classes, bank_ ? &*bank_ : nullptr, upper_, stored})) {}

Network Network::make(const Config& config, ImageShape shape, std::size_t classes,
                      std::optional<ReceptiveFields> bank) {
  const BankOrigin origin = origin_of(config.hidden.bank);
  if (!bank && origin == BankOrigin::drawn)
    bank = make_fields(config.hidden.bank, config.hidden, {.shape = shape, .seed = config.seed})->bank;
  assert(bank.has_value() == (origin != BankOrigin::none));
  std::vector<Projection> upper;
  if (bank) upper = make_upper_layers(config.upper, places_of(*bank), shape, config.seed);
  return {config, shape, classes, std::move(bank), std::move(upper), {}};
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
  Network network(config, shape, classes, std::move(bank), std::move(upper), arrays);
  std::visit(
      [&](auto& net) {
        if constexpr (requires { net.restore_weights(arrays); }) {
          if (restore == Restore::for_test) return net.restore_weights(arrays);
        }
        if constexpr (requires { net.restore(arrays); }) net.restore(arrays);
      },
      network.network_);
  return network;
}

Network Network::with_bank(const Config& config, ReceptiveFields bank) const {
  const auto& rate = std::get<RateNetwork>(network_);
  assert(!rate.bank_learns());
  Network network(config, shape_, classes(), std::move(bank), upper(), {});
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
  return std::visit([](const auto& net) { return std::string(net.engine()); }, network_);
}

std::vector<PopulationInfo> Network::populations() const {
  std::vector<PopulationInfo> populations;
  std::visit(
      [&](const auto& net) {
        if constexpr (requires { net.populations(); }) {
          for (std::size_t p = 0; p < net.populations().size(); ++p)
            populations.push_back({net.populations()[p], net.size(p)});
        }
      },
      network_);
  return populations;
}

LearningReport Network::learn(std::span<const Presentation> presentations, std::span<Activity> activities,
                              std::span<std::uint8_t> predicted, Measure measure) {
  return std::visit([&](auto& net) { return learn_with(net, presentations, activities, predicted, measure); },
                    network_);
}

std::vector<LayerFigures> Network::layer_figures() {
  auto* rate = std::get_if<RateNetwork>(&network_);
  return rate != nullptr ? rate->layer_figures() : std::vector<LayerFigures>{};
}

std::uint64_t Network::granularity() const {
  return std::visit(
      [](const auto& net) -> std::uint64_t {
        if constexpr (requires { net.granularity(); }) return net.granularity();
        return 1;
      },
      network_);
}

/// The weights of hidden layer 1, 2, ... if they are not those that it was made with.
std::optional<std::vector<float>> Network::learned_weights(std::size_t layer) const {
  return std::visit(
      [&](const auto& net) -> std::optional<std::vector<float>> {
        if constexpr (requires { net.learned_weights(layer); }) {
          if (bank_) return net.learned_weights(layer);
        }
        return std::nullopt;
      },
      network_);
}

std::optional<ReceptiveFields> Network::bank() const {
  auto filters = learned_weights(1);
  if (!filters) return bank_;
  return ReceptiveFields(shape_, bank_->patch(), {bank_->positions().begin(), bank_->positions().end()},
                         std::move(*filters));
}

std::vector<Projection> Network::upper() const {
  std::vector<Projection> upper = upper_;
  for (std::size_t l = 0; l < upper.size(); ++l) {
    if (auto weights = learned_weights(l + 2)) upper[l].synapses.weights_mV = std::move(*weights);
  }
  return upper;
}

void Network::respond(std::span<const Image> images, std::span<Activity> activities,
                      std::span<Response> responses) const {
  std::visit([&](const auto& net) { respond_with(net, images, activities, responses); }, network_);
}

SpikingNetwork::TestSequence Network::test_sequence() const {
  return std::get<SpikingNetwork>(network_).test_sequence();
}

std::vector<NamedArray> Network::arrays() const {
  std::vector<NamedArray> arrays;
  std::visit(
      [&](const auto& net) {
        if constexpr (requires { net.arrays(); }) arrays = net.arrays();
      },
      network_);
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
  std::vector<NamedArray> arrays;
  std::visit(
      [&](const auto& net) {
        if constexpr (requires { net.initial_arrays(); }) arrays = net.initial_arrays();
      },
      network_);
  if (learned_weights(1)) {
    NamedArray filters = std::move(bank_arrays(*bank()).front());
    filters.name = "initial/" + filters.name;
    arrays.push_back(std::move(filters));
  }
  for (std::size_t l = 0; l < upper_.size(); ++l) {
    if (auto weights = learned_weights(l + 2)) {
      const std::size_t size = weights->size();
      arrays.push_back({"initial/" + projection_weights(layer_name(l + 2)), {size}, std::move(*weights)});
    }
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
