// The commands of the program. Each prints its result on stdout and returns the exit code; errors are thrown.
#pragma once

#include "experiments/program/arguments.hpp"

namespace shallows {

int run(const TrainArguments& arguments);
int run(const BankArguments& arguments);
int run(const TestArguments& arguments);
int run(const InspectArguments& arguments);
int run(const CompareArguments& arguments);
int run(const FigureArguments& arguments);
int run(const ListArguments& arguments);
int run(const ConfigArguments& arguments);
int run(const BenchArguments& arguments);
int run(const PaperArguments& arguments);

}  // namespace shallows
