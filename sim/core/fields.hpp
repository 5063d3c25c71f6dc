// The fields of a parameter struct, listed once beside it: name, unit, allowed values, meaning. Configuration
// keys, their checks, help, stored files and the reference page of the docs all visit this list.
//
//     struct PairStdpParams {
//       double tau_plus_ms = 20.0;
//       static Fields<PairStdpParams> fields() {
//         return {field("tau_plus_ms", &PairStdpParams::tau_plus_ms, "ms", "window", positive(1e6))};
//       }
//     };
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace shallows {

using FieldValue = std::variant<bool, std::uint64_t, double, std::string, std::vector<std::string>>;

// What a field may be.
struct SwitchDomain {};
struct CountDomain {
  std::uint64_t lowest;
  std::uint64_t highest;
};
enum class LowerBound { included, excluded };
struct RealDomain {
  double lowest;
  double highest;
  LowerBound bound = LowerBound::included;
};
enum class EmptyText { allowed, refused };
struct TextDomain {
  EmptyText empty = EmptyText::allowed;
};
struct ChoiceDomain {
  std::string what;  ///< what a choice is called in messages, e.g. "rule"
  std::vector<std::string> names;
};
/// Names without repetition, possibly none.
struct ListDomain {
  std::string what;
  std::vector<std::string> names;
};
/// Text of a form, which `fits` checks.
struct FormDomain {
  std::string what;  ///< "range of trials"
  std::string form;  ///< in words or as a pattern
  std::string example;
  bool (*fits)(std::string_view text);
};
using Domain =
    std::variant<SwitchDomain, CountDomain, RealDomain, TextDomain, ChoiceDomain, ListDomain, FormDomain>;

inline constexpr double kLargestVoltage = 1e6;  // mV
inline constexpr double kLongestTime = 1e6;     // ms
inline constexpr std::uint64_t kMostImages = std::uint64_t{1} << 32U;

constexpr RealDomain positive(double highest) { return {0.0, highest, LowerBound::excluded}; }
constexpr RealDomain non_negative(double highest) { return {0.0, highest}; }
constexpr RealDomain voltage() { return {-kLargestVoltage, kLargestVoltage}; }

/// Whether a field can change what is learned, or concerns tests and records only.
enum class Effect { learning, evaluation };

/// That another field of the same struct, by its name, has one of these values: only then a field means
/// something.
struct FieldCondition {
  std::string field;
  std::vector<std::string> values;
};

template <class Owner>
struct Field {
  std::string name;
  std::string unit;  ///< empty for a pure number or a name
  std::string meaning;
  Domain domain;
  std::function<FieldValue(const Owner&)> read;
  /// The value is of the domain.
  std::function<void(Owner&, const FieldValue&)> write;
  Effect effect = Effect::learning;
  std::vector<FieldCondition> conditions = {};

  Field of_evaluation() && {
    effect = Effect::evaluation;
    return std::move(*this);
  }
  Field only_if(std::string field, std::vector<std::string> values) && {
    conditions.push_back({std::move(field), std::move(values)});
    return std::move(*this);
  }
};

template <class Owner>
using Fields = std::vector<Field<Owner>>;

/// A field that is a member: a number, a switch, a text or a list of names.
template <class Owner, class Member>
Field<Owner> field(std::string name, Member Owner::*member, std::string unit, std::string meaning,
                   Domain domain) {
  using Stored = std::conditional_t<std::is_same_v<Member, std::size_t>, std::uint64_t, Member>;
  return {std::move(name),
          std::move(unit),
          std::move(meaning),
          std::move(domain),
          [member](const Owner& owner) { return FieldValue(Stored{owner.*member}); },
          [member](Owner& owner, const FieldValue& value) { owner.*member = std::get<Stored>(value); }};
}

template <class Enum>
using EnumNames = std::vector<std::pair<std::string, Enum>>;

/// A field that is a member of an enumeration, with the names of its values.
template <class Owner, class Enum>
Field<Owner> choice(std::string name, Enum Owner::*member, std::string what, std::string meaning,
                    const std::type_identity_t<EnumNames<Enum>>& names) {
  ChoiceDomain domain{std::move(what), {}};
  for (const auto& entry : names) domain.names.push_back(entry.first);
  const auto entry_with = [names](auto matches) {
    const auto found = std::find_if(names.begin(), names.end(), matches);
    assert(found != names.end());
    return *found;
  };
  return {
      std::move(name),
      "",
      std::move(meaning),
      std::move(domain),
      [member, entry_with](const Owner& owner) {
        return FieldValue(entry_with([&](const auto& entry) { return entry.second == owner.*member; }).first);
      },
      [member, entry_with](Owner& owner, const FieldValue& value) {
        const auto& text = std::get<std::string>(value);
        owner.*member = entry_with([&](const auto& entry) { return entry.first == text; }).second;
      }};
}

/// The fields of a part, as fields of the whole: `part` refers to it, for const and other wholes. Their
/// names, also in conditions, begin with `prefix`.
template <class Whole, class Part, class Access>
Fields<Whole> lifted(Fields<Part> fields, Access part, const std::string& prefix = "") {
  Fields<Whole> result;
  for (Field<Part>& field : fields) {
    for (FieldCondition& condition : field.conditions) condition.field = prefix + condition.field;
    result.push_back({prefix + field.name, std::move(field.unit), std::move(field.meaning),
                      std::move(field.domain),
                      [part, read = std::move(field.read)](const Whole& whole) { return read(part(whole)); },
                      [part, write = std::move(field.write)](Whole& whole, const FieldValue& value) {
                        write(part(whole), value);
                      },
                      field.effect, std::move(field.conditions)});
  }
  return result;
}

/// The same of a part that is a member of the whole.
template <class Whole, class Part>
Fields<Whole> fields_of(Part Whole::*part, const std::string& prefix = "") {
  return lifted<Whole>(
      Part::fields(), [part](auto& whole) -> auto& { return whole.*part; }, prefix);
}

/// The fields of a base, as fields of the struct.
template <class Whole, class Base>
Fields<Whole> inherited() {
  return lifted<Whole>(
      Base::fields(), [](auto& whole) -> auto& { return whole; });
}

/// Lists of fields, one after the other.
template <class Owner, class... Rest>
Fields<Owner> joined(Fields<Owner> first, Rest... rest) {
  (first.insert(first.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end())),
   ...);
  return first;
}

}  // namespace shallows
