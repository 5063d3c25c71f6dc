#include "models/spiking/spiking_params.hpp"

#include <string>
#include <utility>

#include "sim/core/chosen_fields.hpp"

namespace shallows {

Fields<ThresholdParams> ThresholdParams::fields() {
  return {
      field("threshold_mV", &ThresholdParams::threshold_mV, "mV", "lowest threshold", voltage()),
      field("threshold_spread_mV", &ThresholdParams::threshold_spread_mV, "mV",
            "thresholds are uniform from the lowest to this much above it", non_negative(kLargestVoltage))};
}

Fields<SpikingReadoutParams> SpikingReadoutParams::fields() {
  return joined(
      chosen_fields<SpikeRules>("rule", &SpikingReadoutParams::rule, "rule", "how the readout learns", ""),
      Fields<SpikingReadoutParams>{
          field("bias_mV", &SpikingReadoutParams::bias_mV, "mV", "constant drive of the readout neurons",
                voltage()),
          field("weight_scale_mV", &SpikingReadoutParams::weight_scale_mV, "mV",
                "initial weights: standard deviation times root of the number of inputs",
                non_negative(kLargestVoltage))});
}

Fields<ProtocolParams> ProtocolParams::fields() {
  return {field("transient_ms", &ProtocolParams::transient_ms, "ms",
                "training presentation: first part, without learning", non_negative(kLongestTime)),
          field("learning_ms", &ProtocolParams::learning_ms, "ms",
                "training presentation: second part, with learning", positive(kLongestTime)),
          field("test_ms", &ProtocolParams::test_ms, "ms", "length of a test presentation",
                positive(kLongestTime))
              .of_evaluation(),
          field("count_ms", &ProtocolParams::count_ms, "ms", "last part of it, in which readout spikes count",
                positive(kLongestTime))
              .of_evaluation(),
          field("carry_over", &ProtocolParams::carry_over, "",
                "state carries over from one training image to the next", SwitchDomain{}),
          field("test_carry_over", &ProtocolParams::test_carry_over, "",
                "state carries over from one test image to the next (as released)", SwitchDomain{})
              .of_evaluation()};
}

Fields<SpikingParams> SpikingParams::fields() {
  Fields<SpikingParams> biases = {field("hidden.bias_mV", &SpikingParams::hidden_bias_mV, "mV",
                                        "constant drive of the hidden neurons", voltage())};
  for (std::size_t l = 0; l < kMostUpperLayers; ++l) {
    biases.push_back(
        {"hidden." + std::to_string(l + 2) + ".bias_mV", "mV", "constant drive of its neurons", voltage(),
         [l](const SpikingParams& p) { return FieldValue(p.upper_bias_mV[l]); },
         [l](SpikingParams& p, const FieldValue& value) { p.upper_bias_mV[l] = std::get<double>(value); }});
  }
  return joined(
      fields_of(&SpikingParams::input, "input."), std::move(biases),
      fields_of(&SpikingParams::neuron, "neuron."), fields_of(&SpikingParams::threshold, "neuron."),
      Fields<SpikingParams>{field("neuron.delay_ms", &SpikingParams::delay_ms, "ms",
                                  "transmission delay between layers", non_negative(kLongestTime))},
      fields_of(&SpikingParams::readout, "readout."), fields_of(&SpikingParams::protocol, "protocol."),
      Fields<SpikingParams>{
          choice("engine.kind", &SpikingParams::engine, "engine",
                 "simulator: automatic takes fast where it applies",
                 {{"automatic", EngineKind::automatic},
                  {"fast", EngineKind::fast},
                  {"reference", EngineKind::reference}}),
          choice("engine.precision", &SpikingParams::precision, "precision", "arithmetic of the fast engine",
                 {{"float", Precision::single_precision}, {"double", Precision::double_precision}})});
}

}  // namespace shallows
