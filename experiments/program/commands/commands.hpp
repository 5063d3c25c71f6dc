// The list of commands, in the order of the program's help. To add one is to write a file of this folder
// (compare.cpp is short) and to name it here.
#pragma once

#include "experiments/program/command.hpp"

namespace shallows {

Command train_command();
Command bank_command();
Command test_command();
Command inspect_command();
Command compare_command();
Command study_command();
Command incremental_command();
Command spiking_match_command();
Command list_command();
Command config_command();
Command bench_command();

// One name to a line.
// clang-format off
inline constexpr Command (*kCommands[])() = {
    train_command,
    bank_command,
    test_command,
    inspect_command,
    compare_command,
    study_command,
    incremental_command,
    spiking_match_command,
    list_command,
    config_command,
    bench_command,
};
// clang-format on

}  // namespace shallows
