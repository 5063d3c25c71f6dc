#include "experiments/run/network.hpp"

#include <algorithm>
#include <utility>

#include "encoders/fixed_fields.hpp"

namespace shallows {
namespace {

std::vector<NamedArray> bank_arrays(const ReceptiveFields& bank) {
  std::vector<std::uint16_t> rows, columns;
  for (const PatchPosition position : bank.positions()) {
    rows.push_back(position.row);
    columns.push_back(position.column);
  }
  const std::size_t n = bank.size();
  return {{"receptive_fields/filters",
           {n, bank.shape().channels, bank.patch(), bank.patch()},
           std::vector<float>(bank.filters().begin(), bank.filters().end())},
          {"receptive_fields/row", {n}, std::move(rows)},
          {"receptive_fields/column", {n}, std::move(columns)}};
}

ReceptiveFields stored_bank(std::span<const NamedArray> arrays, ImageShape shape) {
  const auto& rows = array_values<std::uint16_t>(arrays, "receptive_fields/row");
  const auto& columns = array_values<std::uint16_t>(arrays, "receptive_fields/column", rows.size());
  const auto& filters = array_values<float>(arrays, "receptive_fields/filters");
  const auto named = std::find_if(arrays.begin(), arrays.end(), [](const NamedArray& array) {
    return array.name == "receptive_fields/filters";
  });
  const std::size_t patch = named->shape.empty() ? 0 : named->shape.back();
  const std::size_t expected = rows.size() * shape.channels * patch * patch;
  bool fits = patch >= 1 && patch <= shape.height && patch <= shape.width && filters.size() == expected;
  std::vector<PatchPosition> positions;
  for (std::size_t i = 0; fits && i < rows.size(); ++i) {
    fits = rows[i] + patch <= shape.height && columns[i] + patch <= shape.width;
    positions.push_back({rows[i], columns[i]});
  }
  if (!fits) {
    throw Error(
        ErrorKind::data,
        "the stored receptive fields do not fit their images (the file was changed or damaged); train again");
  }
  return {shape, patch, std::move(positions), filters};
}

ImageShape stored_shape(std::span<const NamedArray> arrays) {
  const auto& shape = array_values<std::uint32_t>(arrays, "network/image_shape", 3);
  return {.height = shape[0], .width = shape[1], .channels = shape[2]};
}

std::variant<SpikingNetwork, RateNetwork> build(const Config& config, ImageShape shape, std::size_t classes,
                                                const ReceptiveFields* bank,
                                                std::optional<Thresholds> thresholds) {
  if (config.model == ModelKind::rate)
    return RateNetwork(config.rate, bank, shape.pixels(), classes, config.seed);
  if (!thresholds) {
    thresholds =
        draw_thresholds(config.spiking.threshold, shape.pixels(), bank->size(), classes, config.seed);
  }
  return SpikingNetwork(config.spiking, *bank, std::move(*thresholds), config.seed);
}

}  // namespace

Network::Network(const Config& config, ImageShape shape, std::size_t classes,
                 std::optional<ReceptiveFields> bank, std::optional<Thresholds> thresholds)
    : shape_(shape),
      transient_ms_(config.spiking.protocol.transient_ms),
      bank_(std::move(bank)),
      network_(build(config, shape, classes, bank_ ? &*bank_ : nullptr, std::move(thresholds))) {}

Network Network::make(const Config& config, ImageShape shape, std::size_t classes) {
  std::optional<ReceptiveFields> bank;
  if (config.hidden.kind != FieldKind::none) bank = make_fixed_fields(config.hidden, shape, config.seed);
  return {config, shape, classes, std::move(bank), std::nullopt};
}

Network Network::restore(const Config& config, std::span<const NamedArray> arrays) {
  const ImageShape shape = stored_shape(arrays);
  const std::size_t classes = array_values<std::uint32_t>(arrays, "network/classes", 1)[0];
  std::optional<ReceptiveFields> bank;
  if (config.hidden.kind != FieldKind::none) bank = stored_bank(arrays, shape);
  std::optional<Thresholds> thresholds;
  if (config.model == ModelKind::spiking) {
    thresholds = stored_thresholds(arrays, shape.pixels(), bank->size(), classes);
  }
  Network network(config, shape, classes, std::move(bank), std::move(thresholds));
  std::visit([&](auto& net) { net.restore(arrays); }, network.network_);
  return network;
}

std::size_t Network::classes() const {
  return std::visit([](const auto& net) { return net.classes(); }, network_);
}

std::size_t Network::hidden() const {
  return std::visit([](const auto& net) { return net.hidden(); }, network_);
}

std::string Network::engine() const {
  const auto* spiking = std::get_if<SpikingNetwork>(&network_);
  return spiking != nullptr ? spiking->engine() : "batched float";
}

std::vector<PopulationInfo> Network::populations() const {
  if (!is_spiking()) return {};
  return {{"input", shape_.pixels()}, {"hidden", hidden()}, {"readout", classes()}};
}

LearningReport Network::learn(std::span<const Presentation> presentations, std::span<Activity> activities,
                              std::span<std::uint8_t> predicted) {
  if (auto* rate = std::get_if<RateNetwork>(&network_)) {
    for (Activity& activity : activities) activity.synaptic_events = rate->synaptic_operations();
    return rate->learn(presentations, predicted);
  }
  std::get<SpikingNetwork>(network_).learn(presentations, activities);
  for (std::size_t k = 0; k < activities.size(); ++k) {
    std::vector<float> counts(classes(), 0.0F);
    const SpikeTrain& readout = activities[k].readout;
    for (std::size_t s = 0; s < readout.size() && readout.times()[s] < transient_ms_; ++s) {
      counts[readout.sources()[s]] += 1.0F;
    }
    predicted[k] = first_maximum(counts);
  }
  return {};
}

std::uint64_t Network::granularity() const {
  const auto* rate = std::get_if<RateNetwork>(&network_);
  return rate != nullptr && rate->bank_learns() ? RateNetwork::kBatch : 1;
}

std::optional<ReceptiveFields> Network::bank() const {
  const auto* rate = std::get_if<RateNetwork>(&network_);
  if (rate == nullptr || !rate->bank_learns()) return bank_;
  return ReceptiveFields(shape_, bank_->patch(), {bank_->positions().begin(), bank_->positions().end()},
                         rate->filters());
}

Response Network::respond(const Image& image, Activity& activity) const {
  if (const auto* rate = std::get_if<RateNetwork>(&network_)) {
    activity.synaptic_events = rate->synaptic_operations();
    return rate->respond(image);
  }
  return std::get<SpikingNetwork>(network_).respond(image, activity);
}

SpikingNetwork::TestSequence Network::test_sequence() const {
  return std::get<SpikingNetwork>(network_).test_sequence();
}

std::vector<NamedArray> Network::arrays() const {
  std::vector<NamedArray> arrays = std::visit([](const auto& net) { return net.arrays(); }, network_);
  if (const auto fields = bank()) {
    for (NamedArray& array : bank_arrays(*fields)) arrays.push_back(std::move(array));
  }
  const auto u32 = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  arrays.push_back({"network/image_shape",
                    {3},
                    std::vector<std::uint32_t>{u32(shape_.height), u32(shape_.width), u32(shape_.channels)}});
  arrays.push_back({"network/classes", {1}, std::vector<std::uint32_t>{u32(classes())}});
  return arrays;
}

std::string model_name(const Config& config, ImageShape shape) {
  if (config.hidden.kind == FieldKind::none) return "sp";
  const bool local = config.hidden.patch < std::max(shape.height, shape.width);
  const std::string prefix = local ? "l-" : "";
  if (config.model == ModelKind::rate && config.rate.hidden_rule == HiddenRule::backprop)
    return prefix + "bp";
  if (config.model == ModelKind::rate && config.rate.hidden_rule == HiddenRule::feedback_alignment)
    return prefix + "fa";
  return prefix + (config.hidden.kind == FieldKind::random ? "rp" : "rg");
}

std::string coding_name(const Config& config) {
  return config.model == ModelKind::spiking ? "spiking" : "rate";
}

}  // namespace shallows
