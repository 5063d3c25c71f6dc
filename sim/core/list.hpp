// Open lists: every category of named things (banks, rules, networks, ...) is one list of entries, and the
// list constructs. An entry is a type with `name`, `about` and `Params`; to add one is to write it and to
// name it in its list.
#pragma once

#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace shallows {

template <class... Entries>
struct List {
  /// The parameters of the entry that is chosen.
  using Chosen = std::variant<typename Entries::Params...>;
};

/// A line of a list: what `shallows list` shows.
struct Listed {
  std::string name;
  std::string about;  ///< one line
};

template <class... Entries>
std::vector<Listed> listed(List<Entries...>) {
  return {{std::string(Entries::name), std::string(Entries::about)}...};
}

template <class... Entries>
std::vector<std::string> names_in(List<Entries...>) {
  return {std::string(Entries::name)...};
}

/// Calls use.operator()<Entry>() for every entry in turn.
template <class... Entries, class Use>
void for_each_entry(List<Entries...>, Use&& use) {
  (use.template operator()<Entries>(), ...);
}

/// What use.operator()<Entry>() gives for the entry that is chosen.
template <class... Entries, class Use>
decltype(auto) with_chosen(List<Entries...>, std::size_t chosen, Use&& use) {
  using First = std::tuple_element_t<0, std::tuple<Entries...>>;
  using Result = decltype(use.template operator()<First>());
  using Call = Result (*)(Use&);
  constexpr Call calls[] = {[](Use& call) -> Result { return call.template operator()<Entries>(); }...};
  assert(chosen < sizeof...(Entries));
  return calls[chosen](use);
}

/// The name of the entry that is chosen.
template <class... Entries>
std::string_view name_in(List<Entries...>, const typename List<Entries...>::Chosen& chosen) {
  constexpr std::string_view names[] = {Entries::name...};
  return names[chosen.index()];
}

/// The parameters of the entry of that name, which is in the list, as they are by default.
template <class... Entries>
typename List<Entries...>::Chosen chosen_by_name(List<Entries...>, std::string_view name) {
  typename List<Entries...>::Chosen chosen;
  [[maybe_unused]] const bool known =
      ((Entries::name == name && (chosen = typename Entries::Params{}, true)) || ...);
  assert(known);
  return chosen;
}

}  // namespace shallows
