# What the libraries need; also run by find_package(Shallows) for whoever links to installed ones. Everything comes
# from the distribution; scripts/packages.sh lists the Debian packages.
include(CMakeFindDependencyMacro)
find_dependency(Boost 1.74)
find_dependency(Eigen3 3.4 NO_MODULE)
enable_language(C)  # which FindHDF5 tries
find_dependency(HDF5 1.10 COMPONENTS C)
find_dependency(TBB 2021)
find_dependency(fmt 9)
find_dependency(PNG 1.6)
find_dependency(nlohmann_json 3.11)

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
if(NOT TARGET Random123::Random123)
  add_library(Random123::Random123 INTERFACE IMPORTED GLOBAL)
  target_include_directories(Random123::Random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
endif()

find_dependency(PkgConfig)
pkg_check_modules(HWY REQUIRED QUIET IMPORTED_TARGET GLOBAL libhwy)
