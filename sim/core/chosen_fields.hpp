// A choice from an open list as fields: the name of the entry, and the fields of the entry that it names.
#pragma once

#include <string>
#include <utility>

#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

/// The field `name` chooses an entry of the list: another one than before begins with its defaults. The
/// fields of an entry, with `prefix` before their names, mean something while it is the one.
template <class L, class Owner>
Fields<Owner> chosen_fields(const std::string& name, typename L::Chosen Owner::*member, std::string what,
                            std::string meaning, const std::string& prefix) {
  Fields<Owner> fields = {
      {name, "", std::move(meaning), ChoiceDomain{std::move(what), names_in(L())},
       [member](const Owner& owner) { return FieldValue(std::string(name_in(L(), owner.*member))); },
       [member](Owner& owner, const FieldValue& value) {
         const auto& chosen = std::get<std::string>(value);
         if (name_in(L(), owner.*member) != chosen) owner.*member = chosen_by_name(L(), chosen);
       }}};
  for_each_entry(L(), [&]<class Entry>() {
    using Params = typename Entry::Params;
    Fields<Owner> of_entry = lifted<Owner>(
        Params::fields(), [member](auto& owner) -> auto& { return std::get<Params>(owner.*member); }, prefix);
    for (Field<Owner>& field : of_entry)
      field.conditions.insert(field.conditions.begin(), {name, {std::string(Entry::name)}});
    fields = joined(std::move(fields), std::move(of_entry));
  });
  return fields;
}

}  // namespace shallows
