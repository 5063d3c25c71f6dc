#include "models/memory/memory_params.hpp"

namespace shallows {

Fields<MemoryParams> MemoryParams::fields() {
  return {
      field("memory.max_neurons", &MemoryParams::max_neurons, "rows",
            "capacity; at least the number of classes", CountDomain{1, 10'000'000}),
      field("memory.batch", &MemoryParams::batch, "images",
            "images matched against one state of the memory; 1: online", CountDomain{1, 1'000'000}),
      choice("memory.input", &MemoryParams::input, "input",
             "what rows and fields see: pixel / 255, minus the training mean, or each image to mean 0 and "
             "deviation 1",
             {{"pixels", MemoryInput::pixels},
              {"centered", MemoryInput::centered},
              {"standardised", MemoryInput::standardised}}),
      choice("memory.channels", &MemoryParams::channels, "choice",
             "one memory of all colour channels, or one for each, which vote",
             {{"joint", Channels::joint}, {"vote", Channels::vote}}),
      choice("memory.distance", &MemoryParams::distance, "distance", "by which the nearest row is found",
             {{"l2", Distance::l2}, {"l1", Distance::l1}, {"cosine", Distance::cosine}}),
      choice(
          "memory.gate", &MemoryParams::gate, "gate",
          "what the threshold decides: nothing; whether an input is novel and gets a row; whether it is too "
          "far to be learned once the memory is full",
          {{"none", ThresholdGate::none},
           {"novelty", ThresholdGate::novelty},
           {"plasticity", ThresholdGate::plasticity}}),
      field("memory.threshold", &MemoryParams::threshold, "distance", "threshold of the gate",
            non_negative(1e9)),
      choice("memory.replacement", &MemoryParams::replacement, "replacement",
             "which row of a full memory gives way to a novel input: none, the least used, or the least used "
             "of the largest class, until all classes have their share",
             {{"none", Replacement::none},
              {"least-used", Replacement::least_used},
              {"balanced", Replacement::balanced}}),
      field("memory.neighbours", &MemoryParams::neighbours, "rows", "nearest rows that vote",
            CountDomain{1, 1000})
          .of_evaluation(),
      choice("memory.vote", &MemoryParams::vote, "vote",
             "weight of a vote: 1, 1 / distance, or the row's counter",
             {{"plain", Vote::plain}, {"distance", Vote::distance}, {"counter", Vote::counter}})
          .of_evaluation(),
      field("memory.judge_every", &MemoryParams::judge_every, "images",
            "of so many training images one is judged before it is learned, for the learning curve; 0: none",
            CountDomain{0, 1'000'000})
          .of_evaluation()};
}

Fields<MemoryParams> MemoryParams::fields_of_hidden_layer() {
  return {choice("memory.signs", &MemoryParams::signs, "signs",
                 "the rectified response of a field, or also that of its negative",
                 {{"positive", Signs::positive}, {"both", Signs::both}}),
          field("memory.exponent", &MemoryParams::exponent, "", "exponent of the pooled responses",
                positive(100.0))};
}

}  // namespace shallows
