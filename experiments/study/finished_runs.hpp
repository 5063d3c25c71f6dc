// The runs of a figure that are finished, in a file beside it: a figure of many runs that is drawn again,
// after an interruption or with more values, trains only those that it does not have yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/data_identity.hpp"
#include "output/file/output_claim.hpp"

namespace shallows {

/// What a figure keeps of a run.
struct RunFigures {
  double accuracy = 0.0;  ///< percent of the images it was judged by
  double rows = 0.0;      ///< of a memory; else hidden neurons
};

class FinishedRuns {
 public:
  /// `judged_by` names the images that give the accuracy ("test", "validation"); runs judged by others, and
  /// those of other images than `data`, are kept but not found. Throws Error (data) if there is a file `path`
  /// that is no such list, or another process is adding to it.
  FinishedRuns(std::string path, std::string judged_by, const DataIdentity& data);

  /// The run of this effective configuration.
  std::optional<RunFigures> find(const Config& config) const;
  /// Writes the file. Throws Error (data).
  void add(const Config& config, const RunFigures& figures);

 private:
  struct Run {
    std::string judged_by;
    std::string data;    ///< SHA-256 of the training and the test images
    std::string config;  ///< TOML
    RunFigures figures;
  };

  std::string path_;
  OutputClaim claim_;
  std::string judged_by_;
  std::string data_;
  std::vector<Run> runs_;
};

}  // namespace shallows
