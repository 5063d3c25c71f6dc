// The keys of the memory network.
#include "experiments/config/config_rows.hpp"

namespace shallows {
namespace {

std::vector<ConfigKey> matching_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "memory.max_neurons", "rows", "capacity; at least the number of classes",
          CountDomain{1, 10'000'000}, memory, learning,
          [](auto& c) -> auto& { return c.memory.max_neurons; }),
      plain(
          "memory.batch", "images", "images matched against one state of the memory; 1: online",
          CountDomain{1, 1'000'000}, memory, learning, [](auto& c) -> auto& { return c.memory.batch; }),
      choice<MemoryInput>(
          "memory.input", "input",
          "what rows and fields see: pixel / 255, minus the training mean, or each image to mean 0 and "
          "deviation 1",
          {{"pixels", MemoryInput::pixels},
           {"centered", MemoryInput::centered},
           {"standardised", MemoryInput::standardised}},
          memory, learning, [](auto& c) -> auto& { return c.memory.input; }),
      choice<Channels>(
          "memory.channels", "choice", "one memory of all colour channels, or one for each, which vote",
          {{"joint", Channels::joint}, {"vote", Channels::vote}}, memory, learning,
          [](auto& c) -> auto& { return c.memory.channels; }),
      choice<Distance>(
          "memory.distance", "distance", "by which the nearest row is found",
          {{"l2", Distance::l2}, {"l1", Distance::l1}, {"cosine", Distance::cosine}}, memory, learning,
          [](auto& c) -> auto& { return c.memory.distance; }),
  };
}

std::vector<ConfigKey> response_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "memory.pool", "pixels", "a field is also shifted by up to so many pixels each way; 0: no shifts",
          CountDomain{0, 4096}, memory_hidden_layer, learning,
          [](auto& c) -> auto& { return c.memory.pool; }),
      plain(
          "memory.pool_step", "pixels", "between shifts, divides memory.pool; 0: by -pool, 0 and +pool only",
          CountDomain{0, 4096}, memory_hidden_layer, learning,
          [](auto& c) -> auto& { return c.memory.pool_step; }),
      choice<Pooling>(
          "memory.pooling", "pooling",
          "a field answers with its largest rectified response over the shifts, or with their mean",
          {{"largest", Pooling::largest}, {"mean", Pooling::mean}}, memory_hidden_layer, learning,
          [](auto& c) -> auto& { return c.memory.pooling; }),
      choice<Signs>(
          "memory.signs", "signs", "the rectified response of a field, or also that of its negative",
          {{"positive", Signs::positive}, {"both", Signs::both}}, memory_hidden_layer, learning,
          [](auto& c) -> auto& { return c.memory.signs; }),
      plain(
          "memory.exponent", "", "exponent of the pooled responses", positive(100.0), memory_hidden_layer,
          learning, [](auto& c) -> auto& { return c.memory.exponent; }),
  };
}

std::vector<ConfigKey> rule_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      choice<ThresholdGate>(
          "memory.gate", "gate",
          "what the threshold decides: nothing; whether an input is novel and gets a row; whether it is too "
          "far to be learned once the memory is full",
          {{"none", ThresholdGate::none},
           {"novelty", ThresholdGate::novelty},
           {"plasticity", ThresholdGate::plasticity}},
          memory, learning, [](auto& c) -> auto& { return c.memory.gate; }),
      plain(
          "memory.threshold", "distance", "threshold of the gate", non_negative(1e9), memory, learning,
          [](auto& c) -> auto& { return c.memory.threshold; }),
      choice<Replacement>(
          "memory.replacement", "replacement",
          "which row of a full memory gives way to a novel input: none, the least used, or the least used "
          "of the largest class, until all classes have their share",
          {{"none", Replacement::none},
           {"least-used", Replacement::least_used},
           {"balanced", Replacement::balanced}},
          memory, learning, [](auto& c) -> auto& { return c.memory.replacement; }),
      plain(
          "memory.neighbours", "rows", "nearest rows that vote", CountDomain{1, 1000}, memory, evaluation,
          [](auto& c) -> auto& { return c.memory.neighbours; }),
      choice<Vote>(
          "memory.vote", "vote", "weight of a vote: 1, 1 / distance, or the row's counter",
          {{"plain", Vote::plain}, {"distance", Vote::distance}, {"counter", Vote::counter}}, memory,
          evaluation, [](auto& c) -> auto& { return c.memory.vote; }),
      plain(
          "memory.judge_every", "images",
          "of so many training images one is judged before it is learned, for the learning curve; 0: none",
          CountDomain{0, 1'000'000}, memory, evaluation,
          [](auto& c) -> auto& { return c.memory_judge_every; }),
  };
}

}  // namespace

std::vector<ConfigKey> memory_keys() {
  std::vector<ConfigKey> keys = matching_keys();
  std::ranges::move(response_keys(), std::back_inserter(keys));
  std::ranges::move(rule_keys(), std::back_inserter(keys));
  return keys;
}

}  // namespace shallows
