// The list of rules by which spikes change synapses.
#pragma once

#include "plasticity/spikes/teacher_stdp.hpp"
#include "sim/core/list.hpp"

namespace shallows {

using SpikeRules = List<TeacherStdpRule>;
using SpikeRuleChoice = SpikeRules::Chosen;

}  // namespace shallows
