// Round numbers along an axis.
#pragma once

#include <string>
#include <vector>

namespace shallows {

/// Multiples of 1, 2 or 5 times a power of ten on low ... high (low < high), about `most` of them.
std::vector<double> linear_ticks(double low, double high, double most);

/// Powers of ten on low ... high (0 < low < high), and where these are fewer than three their multiples by 2
/// and 5 too. Of many powers every second, third, ... one, so that there are about `most`.
std::vector<double> logarithmic_ticks(double low, double high, double most);

/// "0.05", "200", "1e6".
std::string tick_label(double value);

}  // namespace shallows
