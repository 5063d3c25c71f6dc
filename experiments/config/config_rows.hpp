// How the rows of the configuration table are made; for the files that hold its rows.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "experiments/config/config_schema.hpp"

namespace shallows {

inline constexpr double kLargestVoltage = 1e6;
inline constexpr std::uint64_t kMostImages = std::uint64_t{1} << 32U;

constexpr RealDomain positive(double highest) { return {0.0, highest, LowerBound::excluded}; }
constexpr RealDomain non_negative(double highest) { return {0.0, highest}; }
constexpr RealDomain voltage() { return {-kLargestVoltage, kLargestVoltage}; }

/// A row whose value is the member that `access` refers to.
template <typename Access>
ConfigKey plain(std::string name, std::string unit, std::string meaning, Domain domain, KeyScope scope,
                KeyRole role, Access access) {
  using Member = std::remove_cvref_t<decltype(access(std::declval<Config&>()))>;
  using Stored = std::conditional_t<std::is_same_v<Member, std::size_t>, std::uint64_t, Member>;
  return {std::move(name),
          std::move(unit),
          std::move(meaning),
          std::move(domain),
          scope,
          role,
          [access](const Config& config) { return ConfigValue(Stored{access(config)}); },
          [access](Config& config, const ConfigValue& value) { access(config) = std::get<Stored>(value); }};
}

template <typename Enum>
using Names = std::vector<std::pair<std::string, Enum>>;

/// A row whose value is one of the names of an enumeration.
template <typename Enum, typename Access>
ConfigKey choice(std::string name, std::string what, std::string meaning, Names<Enum> names, KeyScope scope,
                 KeyRole role, Access access) {
  ChoiceDomain domain{std::move(what), {}};
  for (const auto& entry : names) domain.names.push_back(entry.first);
  const auto read = [names, access](const Config& config) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const auto& entry) { return entry.second == access(config); });
    assert(found != names.end());
    return ConfigValue(found->first);
  };
  const auto write = [names, access](Config& config, const ConfigValue& value) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& entry) {
      return entry.first == std::get<std::string>(value);
    });
    assert(found != names.end());
    access(config) = found->second;
  };
  return {std::move(name), "", std::move(meaning), std::move(domain), scope, role, read, write};
}

/// The rows of banks that are learned, which end the section "hidden".
std::vector<ConfigKey> learned_bank_keys();
/// memory.*
std::vector<ConfigKey> memory_keys();

}  // namespace shallows
