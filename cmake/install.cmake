# cmake --install: headers and libraries for find_package(Shallows).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Shallows)

install(TARGETS shallows_sim shallows_ode shallows_encoders shallows_plasticity shallows_models shallows_output
        EXPORT ShallowsTargets)
install(EXPORT ShallowsTargets NAMESPACE Shallows:: DESTINATION ${package})
install(DIRECTORY sim encoders plasticity models output DESTINATION include/shallows
        FILES_MATCHING PATTERN "*.hpp")

# Before version 1 a minor version may change interfaces.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ShallowsConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/ShallowsConfig.cmake cmake/dependencies.cmake ${PROJECT_BINARY_DIR}/ShallowsConfigVersion.cmake
        DESTINATION ${package})
