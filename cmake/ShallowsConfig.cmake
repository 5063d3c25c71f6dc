# find_package(Shallows): targets Shallows::sim, ode, encoders, plasticity, models and output.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/ShallowsTargets.cmake)
