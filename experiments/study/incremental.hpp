// Class-incremental learning: the classes come one after the other, each once; after each, the test images of
// all classes so far are asked. A memory keeps what it has; a trained readout forgets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"

namespace shallows {

struct ClassesCurve {
  std::string name;
  std::vector<double> accuracies;  ///< percent, after 1, 2, ... classes
};

/// Each configuration's network on its own data set. `told` hears of every accuracy.
std::vector<ClassesCurve> incremental_learning(const std::vector<Config>& configs,
                                               const std::function<void(const ClassesCurve&)>& told);

/// One line for each number of classes, one column for each network.
std::string classes_csv(const std::vector<ClassesCurve>& curves);
std::string classes_svg(const std::vector<ClassesCurve>& curves, const std::string& title);

}  // namespace shallows
