#include "encoders/bank.hpp"

namespace shallows {

Fields<BankShape> BankShape::fields() {
  return {
      field("size", &BankShape::size, "", "number of hidden neurons", CountDomain{1, 1'000'000}),
      field("patch", &BankShape::patch, "pixels",
            "side of a receptive field; the side of the image: full connectivity", CountDomain{1, 4096}),
      field("scale", &BankShape::scale, "mV if spiking",
            "random: standard deviation of a weight times patch; gabor: L1 norm of a field in one channel; "
            "others: see hidden.scale_by",
            non_negative(kLargestVoltage)),
  };
}

}  // namespace shallows
