#!/usr/bin/env bash
# Installs the Debian packages that building and testing need, if any is missing; see usage below.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config
  libeigen3-dev libhdf5-dev libtbb-dev libcli11-dev libboost-dev libgtest-dev libbenchmark-dev librandom123-dev
  nlohmann-json3-dev libtomlplusplus-dev libfmt-dev libhwy-dev libpng-dev libssl-dev zlib1g-dev
  python3 python3-h5py
  openmpi-bin slurm-wlm munge
)

usage() {
  cat <<'USAGE'
Usage: scripts/packages.sh [--list]

Installs the Debian packages that are missing, as root or with sudo, without a question. Does nothing, and needs no
network, when all are there.

  --list  print the names of all packages and do nothing
  --help  print this

Exit codes: 0 all packages are there, 1 they could not be installed, 2 usage.
USAGE
}

say() { echo "packages.sh: $*"; }
fail() {
  echo "packages.sh: $*" >&2
  exit 1
}

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

case "${1-}" in
  '') ;;
  --list) printf '%s\n' "${packages[@]}" && exit 0 ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

command -v dpkg-query >/dev/null ||
  fail "this is no Debian system (there is no dpkg-query); install the equivalents of: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#packages[@]} packages are there"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    fail "can't install packages (neither root nor sudo); run as root: apt-get install ${missing[*]}"
  as_root=(sudo)
fi
apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
  -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)

say "installing ${missing[*]}"
# A broken third-party source must not stop what the other sources can deliver.
"${apt_get[@]}" update </dev/null || say "apt-get update failed; trying with the package lists that are there"
"${apt_get[@]}" install --no-install-recommends "${missing[@]}" </dev/null ||
  fail "apt-get can't install ${missing[*]} (its messages are above); check the network and the package sources"
say "installed ${#missing[@]} packages"
