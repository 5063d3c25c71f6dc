#include "sim/core/problem.hpp"

#include <gtest/gtest.h>

namespace shallows {
namespace {

TEST(Problem, IsQualifiedWhereAFieldHasAValue) {
  const Problem problem = qualified({"size = 105 is no multiple of features = 10", "patch = 3, 2 channels",
                                     "choose a smaller size, or other = 4"},
                                    "hidden.",
                                    [](std::string_view name) { return name != "other"; });
  EXPECT_EQ(problem.what, "hidden.size = 105 is no multiple of hidden.features = 10");
  EXPECT_EQ(problem.why, "hidden.patch = 3, 2 channels");
  EXPECT_EQ(problem.suggestion, "choose a smaller size, or other = 4");
}

}  // namespace
}  // namespace shallows
