// Something of every library, so that each must link.
#include <cstdio>

#include "models/banks/banks.hpp"
#include "output/record/run_file.hpp"
#include "sim/core/error.hpp"
#include "sim/ode/adex.hpp"

int main() {
  using namespace shallows;
  const auto made = make_fields(GaborParams{}, {.size = 7, .patch = 3}, {.shape = {8, 8}, .seed = 1});
  std::printf("%zu fields\n", made->bank.size());
  std::printf("peak at %g mV\n", ode::AdexNeuron({}).params().peak_mV);
  try {
    const RunReader reader("missing.h5");
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
  }
}
