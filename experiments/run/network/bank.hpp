// The bank of a network: drawn, learned from the training images, or read from a file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/progress.hpp"
#include "models/banks/field_scale.hpp"
#include "output/record/run_file.hpp"
#include "sim/core/named_array.hpp"

namespace shallows {

/// The bank as arrays receptive_fields/filters, /row and /column; if its neurons inhibit each other, also
/// /lateral_weights [population][from][to] and /thresholds.
std::vector<NamedArray> bank_arrays(const ReceptiveFields& bank);
/// The bank that bank_arrays() described. Throws Error (data) if it does not fit the images.
ReceptiveFields stored_bank(std::span<const NamedArray> arrays, ImageShape shape);
/// Throws Error (data) that names `source` if the neurons are to inhibit each other and the bank does not say
/// how.
void require_inhibition(const ReceptiveFields& bank, const Config& config, const std::string& source);
/// network/image_shape as a shape, and back.
ImageShape stored_shape(std::span<const NamedArray> arrays);
NamedArray shape_array(ImageShape shape);

/// Learns the bank from the training images, with progress on stderr; not scaled. Throws Stopped after a
/// signal, and as make_fields does.
MadeBank learn_bank(const Config& config, const Dataset& dataset, Verbosity verbosity);

/// The bank with the scale that the configuration asks for, by what is measured on `images`. Drawn banks have
/// theirs already. Throws Error (network) if they answer nothing to the images.
ReceptiveFields scaled_bank(const ReceptiveFields& bank, const Config& config, const ImageSet& images);

/// The network's bank; none for hidden.kind = "none". Throws Error (configuration) for "file", which needs
/// one given, and as learn_bank does.
std::optional<ReceptiveFields> make_bank(const Config& config, const Dataset& dataset, Verbosity verbosity);

/// Writes a bank file: the bank as learned or drawn (scaled when a network takes it), the images that it was
/// learned from, where it comes from, figures.
void write_bank(const std::string& path, const ReceptiveFields& bank, const Config& config,
                const Dataset& dataset, const Provenance& provenance, const nlohmann::json& summary);

/// A bank of a file, in one line which file that is and how it was made, and what the user should know: that
/// the bank was fitted on another data set, that its settings take the place of others, or that its fields
/// are scaled.
struct GivenBank {
  ReceptiveFields fields;
  std::string origin;
  std::vector<LearnedImages> fitted_on = {};  ///< nothing for fields that were drawn
  std::vector<std::string> notes = {};
};

/// The bank of a bank file, run file or checkpoint, with the scale that `config` asks for. Settings of how it
/// was made otherwise are copied from the file into `config`. Throws Error (configuration)
/// that names the key if the bank is of another kind (unless hidden.kind is "file"), size or patch than the
/// configuration's, or was made for images of another shape; data if the file holds none.
GivenBank read_bank(const std::string& path, Config& config, const Dataset& dataset);

}  // namespace shallows
