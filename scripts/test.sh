#!/usr/bin/env bash
# Builds everything and runs every test; see usage below.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: scripts/test.sh [--quick] [--slow]

Installs what is missing, fetches MNIST, builds and runs the tests: the unit tests with the address and
undefined-behaviour sanitizers (preset dev), then all tests of the optimised program (preset release).

  --quick  preset release only
  --slow   also the tests labelled slow (trainings of many minutes)
  --help   print this

Exit codes: 0 all passed, 1 something failed, 2 usage.
USAGE
}

with_sanitizers=yes
with_slow=no
for argument in "$@"; do
  case "$argument" in
    --quick) with_sanitizers=no ;;
    --slow) with_slow=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

failed=()

# step NAME COMMAND...: runs the command, says how long it took and notes a failure.
step() {
  local name=$1 start=$SECONDS
  shift
  echo "==> $name: $*"
  if "$@"; then
    echo "==> $name: done after $((SECONDS - start)) s"
  else
    echo "==> $name: FAILED after $((SECONDS - start)) s"
    failed+=("$name")
    return 1
  fi
}

finish() {
  [ ${#failed[@]} -eq 0 ] && exit 0
  printf 'test.sh: failed: %s\n' "${failed[@]}" >&2
  exit 1
}

# The sanitizers' fixed shadow memory can collide with a strongly randomised address space.
fixed_addresses=()
setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)
export UBSAN_OPTIONS=${UBSAN_OPTIONS-halt_on_error=1:print_stacktrace=1}

step 'packages' scripts/packages.sh || finish
step 'MNIST' scripts/data.sh mnist || finish
step 'configure release' cmake --preset release || finish
step 'build release' cmake --build --preset release || finish
if [ $with_sanitizers = yes ]; then
  if step 'configure dev' cmake --preset dev &&
    step 'build dev' "${fixed_addresses[@]}" cmake --build --preset dev; then
    step 'tests with sanitizers' "${fixed_addresses[@]}" ctest --preset dev || true
  fi
fi
if [ $with_slow = yes ]; then
  step 'slow tests' ctest --preset slow || true
fi
# Last, so that its summary closes the output.
step 'tests' ctest --preset release || true
finish
