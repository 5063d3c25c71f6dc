#include "models/rate/layers/trained_weights.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <functional>
#include <utility>

#include "models/eigen_index.hpp"
#include "models/rate/layers/angle.hpp"

namespace shallows {
namespace {

using Matrix = RateMatrix<float>;

/// A rule with its parameters, behind one interface: the rest is compiled once, not for every rule.
struct AnyRule {
  std::function<Matrix(const RateBatch<float>&, const Matrix&)> increment;
  std::function<void(const Eigen::Ref<const Matrix>&, Eigen::Ref<Matrix>)> compete = {};  ///< or none
  std::function<void(Matrix&)> constrain = {};                                            ///< or none
  bool taught = false;
  bool explains_together = false;
  bool by_largest = false;
  double learning_rate_factor = 1.0;
};

template <RateRule Rule>
AnyRule any_rule(const typename Rule::Params& params) {
  AnyRule rule = {.increment = [params](const RateBatch<float>& batch, const Matrix& w) {
    return Rule::increment(params, batch, w);
  }};
  if constexpr (requires(const Matrix& a, Eigen::Ref<Matrix>& g) { Rule::compete(params, a, g); }) {
    rule.compete = [params](const Eigen::Ref<const Matrix>& a, Eigen::Ref<Matrix> g) {
      Rule::compete(params, a, g);
    };
  }
  if constexpr (requires(Matrix & w) { Rule::constrain(w); }) {
    rule.constrain = [](Matrix& w) { Rule::constrain(w); };
  }
  rule.taught = Rule::taught;
  rule.explains_together = requires { Rule::explains_together; };
  rule.by_largest = requires { Rule::by_largest; };
  rule.learning_rate_factor = params.learning_rate_factor;
  return rule;
}

/// Nothing of one that does not learn.
template <class Rules>
std::optional<AnyRule> any_rule_of(const typename Rules::Chosen& chosen) {
  return with_chosen(Rules(), chosen.index(), [&]<class Rule>() -> std::optional<AnyRule> {
    if constexpr (RateRule<Rule>) return any_rule<Rule>(std::get<typename Rule::Params>(chosen));
    return std::nullopt;
  });
}

/// How large an increment is, as a number that sorts alike. What is not a number is the largest, so that it is
/// not taken out before anybody sees it.
std::uint32_t rank_of(float increment, SparsityBy by) {
  const auto bits = std::bit_cast<std::uint32_t>(increment);
  constexpr std::uint32_t kSign = 0x8000'0000U, kLargest = 0xFFFF'FFFFU;
  if (std::isnan(increment)) return kLargest;
  if (by == SparsityBy::magnitude) return bits & ~kSign;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

/// Between an increment of a group and backpropagation's.
Angle against_backprop(const GroupedWeights::Group& group, const Lesson& lesson, const Matrix& increment) {
  Matrix gathered;
  const Matrix& seen = GroupedWeights::seen(group, lesson.x, gathered);
  const auto step = lesson.backprop_step->middleRows(group.first, group.weights.rows());
  const Matrix backprop = outer_products<Matrix>(step, seen);
  const auto values = [](const Matrix& m) { return std::span(m.data(), static_cast<std::size_t>(m.size())); };
  Angle angle;
  angle.add(values(increment), values(backprop));
  return angle;
}

/// What a competition makes of the activations, population by population.
Matrix competition(const AnyRule& rule, const GroupedWeights& weights, const Matrix& a) {
  Matrix competed(a.rows(), a.cols());
  const std::span<const GroupedWeights::Group> groups = weights.groups();
  tbb::parallel_for(std::size_t{0}, weights.populations().size(), [&](std::size_t p) {
    const auto& [first, end] = weights.populations()[p];
    const Eigen::Index from = groups[first].first;
    const Eigen::Index size = groups[end - 1].first + groups[end - 1].weights.rows() - from;
    rule.compete(a.middleRows(from, size), competed.middleRows(from, size));
  });
  return competed;
}

/// Of each group: what its population makes of the answers, sent back.
std::vector<Matrix> explanations(const GroupedWeights& weights, const Matrix& y) {
  std::vector<Matrix> explained(weights.groups().size());
  for (const GroupedWeights::Population& population : weights.populations()) {
    explained[population.first] =
        weights.is_dense() ? weights.transposed_times(y) : weights.transposed_times(population, y);
    for (std::size_t g = population.first + 1; g < population.end; ++g)
      explained[g] = explained[population.first];
  }
  return explained;
}

void divide_by_largest(std::span<Matrix> increments) {
  float largest = 0.0F;
  for (const Matrix& increment : increments) largest = std::max(largest, increment.cwiseAbs().maxCoeff());
  if (!(largest > 0.0F)) return;
  for (Matrix& increment : increments) increment /= largest;
}

}  // namespace

TrainedWeights::TrainedWeights(GroupedWeights weights, std::vector<float> biases,
                               const RuleModifiers& modifiers, const OptimiserChoice& optimiser,
                               double centring)
    : weights_(std::move(weights)),
      biases_(std::move(biases)),
      modifiers_(modifiers),
      optimiser_(optimiser),
      centring_(centring),
      offset_(RateMatrix<float>::Zero(weights_.sources(), 1)) {
  assert(index(biases_.size()) == weights_.neurons());
  if (modifiers_.thresholding) mean_ = weights_.zeros();
  const int states =
      with_chosen(Optimisers(), optimiser_.index(), []<class Optimiser>() { return Optimiser::states; });
  for (int s = 0; s < states; ++s) {
    states_.push_back(weights_.zeros());
    bias_states_.emplace_back(biases_.size(), 0.0F);
  }
}

float TrainedWeights::largest_weight() const {
  float largest = 0.0F;
  for (const auto& group : weights_.groups()) {
    const float of_group = group.weights.cwiseAbs().maxCoeff<Eigen::PropagateNaN>();
    if (of_group > largest || std::isnan(of_group)) largest = of_group;
  }
  return largest;
}

RateMatrix<float> TrainedWeights::centred(const Matrix& x) const { return x.colwise() - offset_.col(0); }

void TrainedWeights::follow_mean(const Matrix& x) {
  const Matrix mean = x.rowwise().mean();
  const Matrix move = static_cast<float>(centring_) * (mean - offset_);
  offset_ += move;
  const Matrix shift = weights_.times(move);
  for (std::size_t i = 0; i < biases_.size(); ++i) biases_[i] += shift(index(i), 0);
}

RateMatrix<float> TrainedWeights::activations(const Matrix& x) const {
  Matrix a = weights_.times(x);
  a.colwise() += Eigen::Map<const RateVector<float>>(biases_.data(), index(biases_.size()));
  return a;
}

/// Moves the weights of a group by what its increment is to the optimiser.
void TrainedWeights::take(std::size_t g, const Matrix& increment, float rate) {
  using Array = Eigen::Map<Eigen::ArrayXf>;
  const auto flat = [](Matrix& m) { return Array(m.data(), m.size()); };
  std::vector<Array> states;
  for (GroupedWeights& state : states_) states.push_back(flat(state.groups()[g].weights));
  const Eigen::Map<const Eigen::ArrayXf> asked(increment.data(), increment.size());
  Array w = flat(weights_.groups()[g].weights);
  with_chosen(Optimisers(), optimiser_.index(), [&]<class Optimiser>() {
    Optimiser::step(std::get<typename Optimiser::Params>(optimiser_), rate, updates_, asked, w,
                    states.data());
  });
}

std::optional<double> TrainedWeights::learn(const HiddenRuleChoice& choice, const Lesson& lesson,
                                            std::optional<Follower> follower) {
  const std::optional<AnyRule> rule = any_rule_of<HiddenRules>(choice);
  if (!rule) return std::nullopt;
  const std::optional<AnyRule> added = any_rule_of<AddedRules>(modifiers_.added_rule);
  ++updates_;
  const std::span<GroupedWeights::Group> groups = weights_.groups();
  const Matrix competed = rule->compete ? competition(*rule, weights_, lesson.a) : Matrix();
  const Matrix& signal = rule->compete ? competed : lesson.y;
  const bool explains = rule->explains_together || (added && added->explains_together);
  const std::vector<Matrix> explained = explains ? explanations(weights_, lesson.y) : std::vector<Matrix>();

  const auto ask = [&](std::size_t g) {
    const GroupedWeights::Group& group = groups[g];
    const auto rows = [&](const Matrix& all) { return all.middleRows(group.first, group.weights.rows()); };
    const Matrix none;
    Matrix gathered;
    RateBatch<float> batch = {.x = GroupedWeights::seen(group, lesson.x, gathered),
                              .a = rows(lesson.a),
                              .y = rows(signal),
                              .step = lesson.step.size() > 0 ? Eigen::Ref<const Matrix>(rows(lesson.step))
                                                             : Eigen::Ref<const Matrix>(none),
                              .rates = lesson.shares,
                              .explained = explained.empty() ? nullptr : &explained[g]};
    Matrix increment = rule->increment(batch, group.weights);
    if (added) {
      const RateBatch<float> answers = {.x = batch.x,
                                        .a = batch.a,
                                        .y = rows(lesson.y),
                                        .step = batch.step,
                                        .rates = lesson.shares,
                                        .explained = batch.explained};
      increment += static_cast<float>(modifiers_.added_factor) * added->increment(answers, group.weights);
    }
    return increment;
  };

  const float rate = static_cast<float>(lesson.learning_rate * rule->learning_rate_factor);
  const bool whole = rule->by_largest || modifiers_.sparsity < 1.0;
  std::vector<Matrix> increments(whole ? groups.size() : 0);
  std::vector<Angle> against(lesson.backprop_step != nullptr ? groups.size() : 0);
  const auto move = [&](std::size_t g, const Matrix& increment) {
    Matrix& weights = groups[g].weights;
    if (!against.empty()) against[g] = against_backprop(groups[g], lesson, increment);
    const Matrix before = follower ? weights : Matrix();
    take(g, increment, rate);
    if (rule->constrain) rule->constrain(weights);
    if (!follower) return;
    const auto kept = static_cast<float>(1.0 - lesson.learning_rate * follower->decay);
    Matrix& other = follower->weights.groups()[g].weights;
    other = kept * (other + (weights - before));
    weights *= kept;
  };
  tbb::parallel_for(std::size_t{0}, groups.size(), [&](std::size_t g) {
    Matrix increment = ask(g);
    if (mean_) remember_mean(g, increment);
    if (whole)
      increments[g] = std::move(increment);
    else
      move(g, increment);
  });
  if (whole) {
    if (modifiers_.sparsity < 1.0) keep_largest(increments);
    if (rule->by_largest) divide_by_largest(increments);
    tbb::parallel_for(std::size_t{0}, groups.size(), [&](std::size_t g) { move(g, increments[g]); });
  }
  if (rule->taught) step_biases(lesson.step, rate);
  if (against.empty()) return std::nullopt;
  Angle angle;
  for (const Angle& part : against) angle.add(part);
  if (rule->learning_rate_factor < 0.0) angle.turn();
  return angle.degrees();
}

/// Takes the mean of earlier increments from this one, and adds it to them.
void TrainedWeights::remember_mean(std::size_t g, Matrix& increment) {
  Matrix& mean = mean_->groups()[g].weights;
  const Matrix asked = increment;
  increment -= mean;
  mean += (asked - mean) / static_cast<float>(updates_);
}

/// The rank of the least increment that is among the part `sparsity` of the largest, by sorting into boxes of
/// eleven, eleven and ten bits; as many as have this rank are among them, too.
void TrainedWeights::keep_largest(std::span<Matrix> increments) const {
  constexpr std::array<int, 3> kBits = {11, 11, 10};
  const auto kept = static_cast<std::size_t>(
      std::max(1.0, std::ceil(modifiers_.sparsity * static_cast<double>(weights_.synapses()))));
  std::size_t wanted = kept;  // counted from the largest
  std::uint32_t prefix = 0;   // of the rank sought, as far as it is known
  int known = 0;
  for (const int bits : kBits) {
    const int shift = 32 - known - bits;
    const std::size_t boxes = std::size_t{1} << static_cast<unsigned>(bits);
    std::vector<std::vector<std::uint32_t>> counts(increments.size());
    tbb::parallel_for(std::size_t{0}, increments.size(), [&](std::size_t g) {
      counts[g].assign(boxes, 0);
      for (Eigen::Index i = 0; i < increments[g].size(); ++i) {
        const std::uint32_t rank = rank_of(increments[g].data()[i], modifiers_.sparsity_by);
        if (known == 0 || rank >> static_cast<unsigned>(32 - known) == prefix)
          ++counts[g][rank >> static_cast<unsigned>(shift) & (boxes - 1)];
      }
    });
    std::size_t box = boxes;
    std::size_t above = 0, in_box = 0;
    do {
      above += in_box;
      in_box = 0;
      --box;
      for (const auto& of_group : counts) in_box += of_group[box];
    } while (above + in_box < wanted && box > 0);
    wanted -= above;
    prefix = prefix << static_cast<unsigned>(bits) | static_cast<std::uint32_t>(box);
    known += bits;
  }
  tbb::parallel_for(std::size_t{0}, increments.size(), [&](std::size_t g) {
    for (Eigen::Index i = 0; i < increments[g].size(); ++i) {
      float& increment = increments[g].data()[i];
      if (rank_of(increment, modifiers_.sparsity_by) < prefix) increment = 0.0F;
    }
  });
}

void TrainedWeights::step_biases(const Matrix& step, float rate) {
  using Array = Eigen::Map<Eigen::ArrayXf>;
  const RateVector<float> asked = step.rowwise().sum();
  std::vector<Array> states;
  for (auto& state : bias_states_) states.emplace_back(state.data(), index(state.size()));
  Array b(biases_.data(), index(biases_.size()));
  with_chosen(Optimisers(), optimiser_.index(), [&]<class Optimiser>() {
    Optimiser::step(std::get<typename Optimiser::Params>(optimiser_), rate, updates_, asked.array(), b,
                    states.data());
  });
}

namespace {

std::string state_name(const std::string& layer, const char* of, std::size_t s) {
  return "optimiser/" + layer + "/" + of + std::to_string(s);
}

}  // namespace

std::vector<NamedArray> TrainedWeights::arrays(const std::string& layer) const {
  std::vector<NamedArray> arrays = {{"biases/" + layer, {size()}, biases_}};
  const auto add = [&](const std::string& name, std::vector<float> values) {
    const std::size_t count = values.size();
    arrays.push_back({name, {count}, std::move(values)});
  };
  if (mean_) add("thresholding/" + layer, mean_->values());
  if (is_centred()) add("offsets/" + layer, {offset_.data(), offset_.data() + offset_.size()});
  for (std::size_t s = 0; s < states_.size(); ++s) {
    add(state_name(layer, "weights", s), states_[s].values());
    add(state_name(layer, "biases", s), bias_states_[s]);
  }
  if (mean_ || !states_.empty())
    arrays.push_back({"optimiser/" + layer + "/updates", {1}, std::vector<std::uint32_t>{updates_}});
  return arrays;
}

void TrainedWeights::restore(const std::string& layer, std::span<const NamedArray> arrays) {
  biases_ = array_values<float>(arrays, "biases/" + layer, size());
  if (is_centred()) {
    const auto& offset =
        array_values<float>(arrays, "offsets/" + layer, static_cast<std::size_t>(offset_.size()));
    std::copy(offset.begin(), offset.end(), offset_.data());
  }
  if (mean_) mean_->assign(array_values<float>(arrays, "thresholding/" + layer, synapses()));
  for (std::size_t s = 0; s < states_.size(); ++s) {
    states_[s].assign(array_values<float>(arrays, state_name(layer, "weights", s), synapses()));
    bias_states_[s] = array_values<float>(arrays, state_name(layer, "biases", s), size());
  }
  if (mean_ || !states_.empty())
    updates_ = array_values<std::uint32_t>(arrays, "optimiser/" + layer + "/updates", 1)[0];
}

}  // namespace shallows
