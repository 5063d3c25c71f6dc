// How the neurons of a sparse-coding bank respond (Illing et al. 2019, ratenets/SC.jl).
#pragma once

namespace shallows {

enum class HiddenInhibition {
  none,         ///< each for itself: rectified, like those of any bank
  fixed_point,  ///< by the fixed point of the recurrent inhibition that the bank has learned
  fifty_steps,  ///< by its activities after the 50 Euler steps of the released code
};

}  // namespace shallows
