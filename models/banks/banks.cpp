#include "models/banks/banks.hpp"

#include <concepts>
#include <type_traits>

namespace shallows {
namespace {

/// The base that the parameters of the chosen bank have, or null.
template <class Base, class Choice>
auto base_of(Choice& bank) {
  using Result = std::conditional_t<std::is_const_v<Choice>, const Base*, Base*>;
  return std::visit(
      [](auto& params) -> Result {
        if constexpr (std::derived_from<std::decay_t<decltype(params)>, Base>) return &params;
        return nullptr;
      },
      bank);
}

/// What use.operator()<Entry>(params) gives for the bank that is chosen.
template <class Choice, class Use>
decltype(auto) with_bank(Choice& bank, Use&& use) {
  return with_chosen(Banks(), bank.index(), [&]<class Entry>() {
    return use.template operator()<Entry>(std::get<typename Entry::Params>(bank));
  });
}

}  // namespace

BankOrigin origin_of(const BankChoice& bank) {
  return with_bank(bank, []<class Entry>(const auto&) { return Entry::origin; });
}

std::string abbreviation_of(const BankChoice& bank) {
  return with_bank(bank, []<class Entry>(const auto&) { return std::string(Entry::abbreviation); });
}

const MeasuredParams* measured_params(const BankChoice& bank) { return base_of<MeasuredParams>(bank); }
MeasuredParams* measured_params(BankChoice& bank) { return base_of<MeasuredParams>(bank); }
const LearnedParams* learned_params(const BankChoice& bank) { return base_of<LearnedParams>(bank); }

HiddenInhibition inhibition_of(const BankChoice& bank) {
  return std::visit(
      [](const auto& params) {
        if constexpr (requires { params.inhibition; }) return params.inhibition;
        return HiddenInhibition::none;
      },
      bank);
}

bool has_per_set_scale(const BankChoice& bank) {
  return std::visit(
      [](const auto& params) {
        if constexpr (requires { params.per_set_scale; }) return params.per_set_scale;
        return false;
      },
      bank);
}

void set_bank_defaults(BankChoice& bank, BankShape& shape, Unit unit) {
  with_bank(bank, [&]<class Entry>(auto& params) { Entry::set_defaults(params, shape, unit); });
}

std::optional<Problem> bank_problem(const BankChoice& bank, const BankShape& shape,
                                    const ImageShape* images) {
  return with_bank(bank,
                   [&]<class Entry>(const auto& params) { return Entry::problem(params, shape, images); });
}

std::optional<MadeBank> make_fields(const BankChoice& bank, const BankShape& shape,
                                    const BankSource& source) {
  return with_bank(bank, [&]<class Entry>(const auto& params) { return Entry::make(params, shape, source); });
}

}  // namespace shallows
