// The list of banks: what a hidden layer's receptive fields can be. To add a kind of bank is to write its
// entry (encoders/bank.hpp shows its form) and to name it here.
#pragma once

#include <optional>
#include <string>

#include "encoders/bank.hpp"
#include "encoders/fixed_fields.hpp"
#include "models/banks/given_bank.hpp"
#include "models/banks/ica_bank.hpp"
#include "models/banks/pca_bank.hpp"
#include "models/banks/sparse_bank.hpp"
#include "sim/core/list.hpp"

namespace shallows {

using Banks = List<NoBank, RandomBank, GaborBank, PcaBank, IcaBank, SparseBank, GivenFields>;

/// The kind of bank that is chosen, with its parameters.
using BankChoice = Banks::Chosen;

BankOrigin origin_of(const BankChoice& bank);
/// The paper's abbreviation: "rp", "rg", "pca", "ica", "sc"; "bank" of a file, "pixels" without fields.
std::string abbreviation_of(const BankChoice& bank);

/// Null unless the scale of the bank is measured, or it is learned.
const MeasuredParams* measured_params(const BankChoice& bank);
MeasuredParams* measured_params(BankChoice& bank);
const LearnedParams* learned_params(const BankChoice& bank);
/// How the neurons of the bank respond in a rate network that does not teach them.
HiddenInhibition inhibition_of(const BankChoice& bank);
bool has_per_set_scale(const BankChoice& bank);

/// Sets the shape and the parameters to the defaults of this kind.
void set_bank_defaults(BankChoice& bank, BankShape& shape, Unit unit);

/// What makes the bank impossible, or impossible for these images (null: not known yet), in terms of its
/// fields.
std::optional<Problem> bank_problem(const BankChoice& bank, const BankShape& shape, const ImageShape* images);

/// Makes the bank; same bits on any number of threads. Nothing if there is none to make, or if
/// source.progress stopped the fit. Throws Error: configuration if a covariance would not fit into memory;
/// network if an online rule diverges.
std::optional<MadeBank> make_fields(const BankChoice& bank, const BankShape& shape, const BankSource& source);

}  // namespace shallows
