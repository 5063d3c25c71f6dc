#!/usr/bin/env bash
# From a bare Debian machine to trained networks and a comparison; see usage below.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: scripts/demo.sh

Installs what is missing, fetches MNIST, builds, trains four small networks (spiking and rate, with localized random
and Gabor receptive fields) into runs/, compares them and draws the spikes of one test digit. May be run again: what is
there is kept, an interrupted training goes on where it stopped.

  --help   print this

Exit codes: 0 done, 2 usage, others: of the step that failed.
USAGE
}

case "${1-}" in
  '') ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

# say WHAT: announces a step and notes when it began.
say() { printf '\n==> %s (%d:%02d)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

say 'packages'
scripts/packages.sh
say 'MNIST'
scripts/data.sh mnist
say 'build'
cmake --preset release
cmake --build --preset release --target shallows

shallows=build/release/shallows
export SHALLOWS_DATA="${SHALLOWS_DATA:-$PWD/data}"
runs=()
for name in demo-lif-l-rg demo-lif-l-rp demo-l-rg demo-l-rp; do
  say "train $name"
  train=("$shallows" train "experiments/configs/$name.toml" -o "runs/$name.h5")
  # Exit code 4: what is there was trained by other settings, so begin anew and keep it.
  "${train[@]}" --resume || { [ $? -eq 4 ] && "${train[@]}" --force; }
  runs+=("runs/$name.h5")
done

say 'a test digit, from pixels to answer'
"$shallows" inspect runs/demo-lif-l-rg.h5 --trial 0
say 'rate against spiking'
"$shallows" compare "${runs[@]}"

say 'done'
cat <<'NEXT'
The runs are in runs/*.h5: weights, receptive fields, spikes of the first test images, learning curves. To look further:

  build/release/shallows inspect runs/demo-lif-l-rg.h5
  build/release/shallows test runs/demo-lif-l-rg.h5 -o runs/spikes.h5 --record all@test:0:100
  build/release/shallows train experiments/configs/lif-l-rg.toml -o runs/lif-l-rg.h5    # 5000 neurons, 98.7 %
NEXT
