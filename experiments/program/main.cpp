// The `shallows` program: the one place where errors become messages and exit codes.
#include <cstdlib>  // defines __GLIBC__
#include <exception>
#include <new>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <Eigen/Core>

#include "experiments/program/command.hpp"
#include "experiments/program/command_line.hpp"
#include "experiments/program/console.hpp"
#include "experiments/run/interrupt.hpp"
#include "sim/core/error.hpp"

namespace {

using namespace shallows;

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::configuration:
      return exit_code::kUsage;
    case ErrorKind::data:
      return exit_code::kData;
    case ErrorKind::checkpoint:
      return exit_code::kCheckpoint;
    case ErrorKind::network:
      return exit_code::kFailed;
  }
  return exit_code::kFailed;
}

/// Spike trains come and go with every image. Left to itself the C library would give their memory back to
/// the system each time and have it cleared again: a tenth of a training presentation.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kMiB = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 32 * kMiB);
  mallopt(M_TRIM_THRESHOLD, 256 * kMiB);
#endif
}

/// Eigen cuts the sums of a matrix product to the caches of the machine, which shows in the last bits. With
/// fixed sizes (those of the machine that RESULTS.md was measured on) they are the same everywhere.
void cut_products_alike_everywhere() {
  constexpr int kKiB = 1 << 10;
  Eigen::setCpuCacheSizes(48 * kKiB, 2048 * kKiB, 32768 * kKiB);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  cut_products_alike_everywhere();
  try {
    return run_command_line(argc, argv);
  } catch (const shallows::Error& error) {
    note(error.what());
    return exit_code_of(error.kind());
  } catch (const interrupt::Stopped& stopped) {
    note(stopped.what());
    return 128 + interrupt::requested();
  } catch (const std::bad_alloc&) {
    note(
        "out of memory (the network or the data set is too large for this machine); lower hidden.size or "
        "--threads; of a bank fitted to large patches hidden.patch, or for pca set hidden.pca_rule = "
        "\"sanger\", which needs no covariances");
  } catch (const std::exception& error) {
    note(std::string("unexpected problem: ") + error.what() +
         " (please report it with the command that you typed)");
  }
  return exit_code::kFailed;
}
