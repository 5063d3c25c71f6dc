# What our own targets are compiled with, and link to first; warnings and sanitizers do not reach other projects.
add_library(shallows_options INTERFACE)
target_compile_options(shallows_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # Same bits on every machine: the compiler must not fuse a*b+c where we did not write std::fma.
  -ffp-contract=off)
if(SHALLOWS_WERROR)
  target_compile_options(shallows_options INTERFACE -Werror)
endif()

if(SHALLOWS_SANITIZE)
  target_compile_options(shallows_options INTERFACE -fsanitize=${SHALLOWS_SANITIZE} -fno-omit-frame-pointer
    # These take two thirds of the time to compile. The address sanitizer finds the first two itself, and aligned
    # vector loads trap.
    -fno-sanitize=null,object-size,alignment
    # GCC says itself that the sanitizers' code makes this warning find what is not there (optional, std::regex).
    -Wno-maybe-uninitialized)
  target_link_options(shallows_options INTERFACE -fsanitize=${SHALLOWS_SANITIZE})
endif()

# Adds library shallows_<name> from explicit sources, for others Shallows::<name>.
function(shallows_library name)
  add_library(shallows_${name} STATIC ${ARGN})
  add_library(Shallows::${name} ALIAS shallows_${name})
  set_target_properties(shallows_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(shallows_${name} PRIVATE $<BUILD_INTERFACE:shallows_options>)
  target_include_directories(shallows_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/shallows>)
  target_compile_features(shallows_${name} PUBLIC cxx_std_20)
  # What our headers put into the code of others has the same bits, too.
  target_compile_options(shallows_${name} INTERFACE -ffp-contract=off)
endfunction()

# Where sources are compiled several at a time (CMAKE_UNITY_BUILD), these are not: those that include themselves once
# for every instruction set, and those that another program replaces.
function(shallows_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
