// The two kinds of bank that nothing is made for: none, and fields that the user gives in a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "encoders/bank.hpp"
#include "models/banks/learned_params.hpp"

namespace shallows {

struct NoBank {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "none";
  static constexpr std::string_view abbreviation = "pixels";
  static constexpr std::string_view about = "no hidden layer: the readout or the memory sees the pixels";
  static constexpr BankOrigin origin = BankOrigin::none;

  static void set_defaults(Params&, BankShape&, Unit) {}
  static std::optional<Problem> problem(const Params&, const BankShape&, const ImageShape*) {
    return std::nullopt;
  }
  static std::optional<MadeBank> make(const Params&, const BankShape&, const BankSource&) {
    return std::nullopt;
  }
};

struct GivenParams : MeasuredParams {
  static Fields<GivenParams> fields() { return inherited<GivenParams, MeasuredParams>(); }
};

struct GivenFields {
  using Params = GivenParams;
  static constexpr std::string_view name = "file";
  static constexpr std::string_view abbreviation = "bank";
  static constexpr std::string_view about = "of a bank or run file, given with --bank";
  static constexpr BankOrigin origin = BankOrigin::given;

  static void set_defaults(Params& params, BankShape& shape, Unit unit) {
    LearnedBank::set_defaults(params, shape, unit);
    if (unit == Unit::none) params.scale_by = FieldScale::as_is;
  }
  static std::optional<Problem> problem(const Params&, const BankShape&, const ImageShape*) {
    return std::nullopt;
  }
  static std::optional<MadeBank> make(const Params&, const BankShape&, const BankSource&) {
    return std::nullopt;
  }
};

}  // namespace shallows
