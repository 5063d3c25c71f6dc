// What every kind of bank has in common: its shape, what it is made from, what it says about itself. A kind
// of bank is an entry of the list in models/banks/banks.hpp:
//
//     struct MyBank {
//       using Params = MyParams;                       // with fields()
//       static constexpr std::string_view name = "my", abbreviation = "my", about = "...";
//       static constexpr BankOrigin origin = BankOrigin::drawn;
//       static void set_defaults(Params&, BankShape&, Unit);
//       static std::optional<Problem> problem(const Params&, const BankShape&, const ImageShape*);
//       static std::optional<MadeBank> make(const Params&, const BankShape&, const BankSource&);
//     };
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "encoders/image.hpp"
#include "encoders/receptive_fields.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/problem.hpp"

namespace shallows {

enum class BankOrigin {
  none,     ///< there are no fields: the readout sees the pixels
  drawn,    ///< from the seed alone
  learned,  ///< from the training images
  given,    ///< by the user, in a file
};

/// What the responses of the fields are measured in.
enum class Unit {
  millivolt,  ///< the drive of spiking neurons
  none,       ///< the input of rate neurons and memories
};

struct BankShape {
  std::size_t size = 5000;
  std::size_t patch = 10;  ///< side of a field, in pixels
  /// Random: weights ~ N(0, 1) * scale / (sqrt(channels) * patch), which keeps the input strength independent
  /// of the patch size. Gabor: L1 norm of a filter in one channel (opponent: on average over channels).
  /// Others: see models/banks/learned_params.hpp, FieldScale. In mV for a spiking network.
  double scale = 1.0;

  static Fields<BankShape> fields();
};

/// How far a fit is: called by one thread at a time; returns false to stop it.
using FitProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// What a bank is made from. Drawn banks need no images but their shape.
struct BankSource {
  ImageShape shape;
  std::uint64_t seed;
  const ImageSet* images = nullptr;  ///< centered training images
  FitProgress progress = {};
};

/// A number that says how well a fit went, e.g. {"explained_variance", 0.93}.
struct FitFigure {
  std::string name;
  double value;
};

struct MadeBank {
  ReceptiveFields bank;  ///< learned ones are not scaled yet
  std::vector<FitFigure> figures = {};
};

}  // namespace shallows
