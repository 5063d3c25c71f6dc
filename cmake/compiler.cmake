# One INTERFACE target that every target of ours links to: include root, warnings, floating-point rules, sanitizers.
add_library(shallows_options INTERFACE)
target_include_directories(shallows_options INTERFACE ${CMAKE_SOURCE_DIR})

target_compile_options(shallows_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # Same bits on every machine: the compiler must not fuse a*b+c where we did not write std::fma.
  -ffp-contract=off)
if(SHALLOWS_WERROR)
  target_compile_options(shallows_options INTERFACE -Werror)
endif()

if(SHALLOWS_SANITIZE)
  target_compile_options(shallows_options INTERFACE -fsanitize=${SHALLOWS_SANITIZE} -fno-omit-frame-pointer
    # GCC says itself that the sanitizers' code makes this warning find what is not there (optional, std::regex).
    -Wno-maybe-uninitialized)
  target_link_options(shallows_options INTERFACE -fsanitize=${SHALLOWS_SANITIZE})
endif()

# Adds library shallows_<name> from explicit sources, with its layer's options.
function(shallows_library name)
  add_library(shallows_${name} STATIC ${ARGN})
  target_link_libraries(shallows_${name} PUBLIC shallows_options)
endfunction()
