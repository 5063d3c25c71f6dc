#include "models/networks/networks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "models/spiking/spiking_network.hpp"
#include "sim/layer/lif_layer.hpp"

namespace shallows {

std::optional<Problem> SpikingModel::problem(const Params& params, BankOrigin bank, double learning_rate) {
  const double threshold_mV = params.threshold.threshold_mV;
  if (bank == BankOrigin::none) {
    return Problem{"hidden.kind = \"none\" does not go with model = \"spiking\"", "",
                   "choose a bank, or model = \"rate\""};
  }
  if (params.neuron.reset_mV >= threshold_mV) {
    return Problem{fmt::format("neuron.reset_mV = {} is not below neuron.threshold_mV = {}",
                               params.neuron.reset_mV, threshold_mV),
                   "", "lower the reset or raise the threshold"};
  }
  if (params.protocol.count_ms > params.protocol.test_ms) {
    return Problem{fmt::format("protocol.count_ms = {} is longer than protocol.test_ms = {}",
                               params.protocol.count_ms, params.protocol.test_ms),
                   "", "count over the presentation or its last part"};
  }
  const SpikeRuleChoice& rule = params.readout.rule;
  const auto of_rule = with_chosen(SpikeRules(), rule.index(), [&]<class Entry>() {
    return Entry::problem(std::get<typename Entry::Params>(rule), learning_rate);
  });
  if (of_rule) {
    const auto fields = SpikingReadoutParams::fields();
    return qualified(*of_rule, "readout.", [&](std::string_view name) {
      return std::ranges::any_of(fields, [&](const auto& field) { return field.name == name; });
    });
  }
  const bool driven = params.hidden_bias_mV > threshold_mV || params.readout.bias_mV > threshold_mV;
  const bool long_refractory = params.neuron.refractory_ms > kLongestRefractory * params.neuron.tau_ms;
  if (params.engine == EngineKind::fast && (driven || long_refractory)) {
    return Problem{"engine.kind = \"fast\" does not apply: it needs " + fast_engine_needs(), "",
                   "choose \"automatic\" or \"reference\""};
  }
  return std::nullopt;
}

double RateModel::default_learning_rate(BankOrigin bank) {
  switch (bank) {
    case BankOrigin::none:
      return 1e-4;
    case BankOrigin::drawn:
      return 5e-3;
    case BankOrigin::learned:
    case BankOrigin::given:
      return 1e-3;
  }
  return 0.0;  // not reached: every enumerator returns above
}

void RateModel::set_defaults(Params& params, BankOrigin bank) {
  if (bank == BankOrigin::learned || bank == BankOrigin::given) params.hidden.bias_max = 0.0;
}

std::optional<Problem> RateModel::problem(const Params& params, BankOrigin, double) {
  const auto learns = [](const RateLayerParams& layer) { return learning_params(layer.rule) != nullptr; };
  if (std::holds_alternative<FixedReadout::Params>(params.readout_rule) && !learns(params.hidden) &&
      std::ranges::none_of(params.upper, learns)) {
    return Problem{"readout.rule = \"fixed\" leaves nothing to learn", "no hidden layer has a rule either",
                   "choose a hidden.rule, or readout.rule = \"delta\""};
  }
  return std::nullopt;
}

std::optional<Problem> MemoryModel::problem(const Params& params, BankOrigin, double) {
  if ((params.gate != ThresholdGate::none) != (params.threshold > 0.0)) {
    return Problem{"memory.gate and memory.threshold belong together", "",
                   "give a gate and a threshold above 0, or neither"};
  }
  return std::nullopt;
}

std::string name_of(const NetworkChoice& network) { return std::string(name_in(Networks(), network)); }

Unit unit_of(const NetworkChoice& network) {
  return with_chosen(Networks(), network.index(), []<class Entry>() { return Entry::unit; });
}

bool has_spikes(const NetworkChoice& network) {
  return with_chosen(Networks(), network.index(), []<class Entry>() { return Entry::has_spikes; });
}

}  // namespace shallows
