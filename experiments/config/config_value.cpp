// Values of configuration keys: their ranges in words, their checks and their TOML form.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "experiments/config/config_schema.hpp"
#include "experiments/config/suggest.hpp"

namespace shallows {

namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

bool parse_count(std::string_view text, std::uint64_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

/// Checks a value of the type that the key's domain asks for.
struct Checker {
  const ConfigKey& key;
  const ConfigValue& value;

  ValueProblem problem(std::string_view what, std::string suggestion = "") const {
    return {fmt::format("{} = {} {}", key.name, to_toml(value), what), std::move(suggestion)};
  }

  std::optional<ValueProblem> unknown(const std::string& what, const std::vector<std::string>& names,
                                      const std::string& name) const {
    if (std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
    const auto nearest = nearest_name(name, names);
    return ValueProblem{fmt::format("unknown {} '{}' for {}", what, name, key.name),
                        nearest ? fmt::format("did you mean '{}'?", *nearest) : ""};
  }

  std::optional<ValueProblem> operator()(const SwitchDomain&) const { return std::nullopt; }
  std::optional<ValueProblem> operator()(const CountDomain& domain) const {
    const auto count = std::get<std::uint64_t>(value);
    if (count >= domain.lowest && count <= domain.highest) return std::nullopt;
    return problem("is out of range");
  }
  std::optional<ValueProblem> operator()(const RealDomain& domain) const {
    const double real = std::get<double>(value);
    const bool above = domain.bound == LowerBound::included ? real >= domain.lowest : real > domain.lowest;
    if (above && real <= domain.highest) return std::nullopt;
    return problem("is out of range");
  }
  std::optional<ValueProblem> operator()(const TextDomain& domain) const {
    if (domain.empty == EmptyText::allowed || !std::get<std::string>(value).empty()) return std::nullopt;
    return problem("is empty");
  }
  std::optional<ValueProblem> operator()(const ChoiceDomain& domain) const {
    return unknown(domain.what, domain.names, std::get<std::string>(value));
  }
  std::optional<ValueProblem> operator()(const ListDomain& domain) const {
    std::set<std::string> seen;
    for (const std::string& name : std::get<std::vector<std::string>>(value)) {
      if (auto found = unknown(domain.what, domain.names, name)) return found;
      if (!seen.insert(name).second) return problem(fmt::format("names '{}' twice", name), "name it once");
    }
    return std::nullopt;
  }
  std::optional<ValueProblem> operator()(const FormDomain& domain) const {
    if (domain.fits(std::get<std::string>(value))) return std::nullopt;
    return problem("is no " + domain.what, domain.example);
  }
};

[[maybe_unused]] bool has_type_of(const ConfigValue& value, const Domain& domain) {
  return std::visit(
      Overloaded{[&](const SwitchDomain&) { return std::holds_alternative<bool>(value); },
                 [&](const CountDomain&) { return std::holds_alternative<std::uint64_t>(value); },
                 [&](const RealDomain&) { return std::holds_alternative<double>(value); },
                 [&](const ListDomain&) { return std::holds_alternative<std::vector<std::string>>(value); },
                 [&](const auto&) { return std::holds_alternative<std::string>(value); }},
      domain);
}

}  // namespace

std::string describe(const Domain& domain) {
  return std::visit(
      Overloaded{
          [](const SwitchDomain&) -> std::string { return "true or false"; },
          [](const CountDomain& d) {
            return fmt::format("a whole number from {} to {}", d.lowest, d.highest);
          },
          [](const RealDomain& d) {
            if (d.bound == LowerBound::excluded) return fmt::format("> {}, at most {}", d.lowest, d.highest);
            return fmt::format("{} to {}", d.lowest, d.highest);
          },
          [](const TextDomain& d) -> std::string {
            return d.empty == EmptyText::refused ? "text, not empty" : "";
          },
          [](const ChoiceDomain& d) { return fmt::format("\"{}\"", fmt::join(d.names, "\", \"")); },
          [](const ListDomain& d) { return fmt::format("list of \"{}\"", fmt::join(d.names, "\", \"")); },
          [](const FormDomain& d) { return d.form; }},
      domain);
}

std::optional<ValueProblem> value_problem(const ConfigKey& key, const ConfigValue& value) {
  assert(has_type_of(value, key.domain));
  return std::visit(Checker{key, value}, key.domain);
}

std::string to_toml(const ConfigValue& value) {
  return std::visit(Overloaded{[](bool b) -> std::string { return b ? "true" : "false"; },
                               [](std::uint64_t count) { return fmt::format("{}", count); },
                               [](double real) {
                                 // The shortest digits that read back to the same bits; TOML tells a real
                                 // number from an integer by its point or exponent.
                                 std::string text = fmt::format("{}", real);
                                 return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
                               },
                               [](const std::string& text) { return toml_string(text); },
                               [](const std::vector<std::string>& list) {
                                 std::vector<std::string> items;
                                 for (const std::string& item : list) items.push_back(toml_string(item));
                                 return fmt::format("[{}]", fmt::join(items, ", "));
                               }},
                    value);
}

bool parse_trials(std::string_view text, RecordConfig& record) {
  std::array<std::string_view, 3> fields = {"", "", "1"};
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    if (count == fields.size()) return false;
    const std::size_t colon = text.find(':');
    more = colon != std::string_view::npos;
    fields[count] = text.substr(0, colon);
    text.remove_prefix(more ? colon + 1 : text.size());
  }
  RecordConfig parsed = record;
  const bool open = fields[1] == "end";
  if (count < 2 || !parse_count(fields[0], parsed.first) || !parse_count(fields[2], parsed.step))
    return false;
  if (open) {
    parsed.last = kAllTrials;
  } else if (!parse_count(fields[1], parsed.last)) {
    return false;
  }
  if (parsed.step == 0 || parsed.first >= parsed.last) return false;
  record = parsed;
  return true;
}

std::string format_trials(const RecordConfig& record) {
  const std::string last = record.last == kAllTrials ? "end" : fmt::format("{}", record.last);
  const std::string step = record.step == 1 ? "" : fmt::format(":{}", record.step);
  return fmt::format("{}:{}{}", record.first, last, step);
}

}  // namespace shallows
