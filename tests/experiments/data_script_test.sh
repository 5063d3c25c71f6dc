#!/usr/bin/env bash
# Tests scripts/data.sh without a network: a copy of it that expects the check sums of four tiny files.
set -euo pipefail

script=$1
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
export SHALLOWS_DATA=$work/data
failures=0

fail() {
  echo "FAILED: $*" >&2
  sed 's/^/  | /' "$work/output" >&2
  failures=$((failures + 1))
}

# run EXPECTED_EXIT_CODE ARGUMENTS...: runs the copy.
run() {
  local expected=$1 code=0
  shift
  bash "$work/scripts/data.sh" "$@" >"$work/output" 2>&1 || code=$?
  [ "$code" -eq "$expected" ] || fail "data.sh $* exits $code, not $expected"
}

prints() { grep -qF -- "$1" "$work/output" || fail "no '$1' in the output"; }
holds() { [ "$(cat "$mnist/$1" 2>/dev/null)" = "content of $1" ] || fail "$1 does not hold what it should"; }
absent() { [ ! -e "$mnist/$1" ] || fail "$1 is in place"; }

# fresh: a complete data set of plain files.
fresh() {
  rm -rf -- "$mnist"
  mkdir -p "$mnist"
  local file
  for file in "${files[@]}"; do printf 'content of %s' "$file" >"$mnist/$file"; done
}

files=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
mnist=$SHALLOWS_DATA/mnist
mkdir -p "$work/scripts"
edits=()
for file in "${files[@]}"; do
  sum=$(printf 'content of %s' "$file" | sha256sum | cut -d ' ' -f 1)
  edits+=(-e "s/^[0-9a-f]\{64\} $file\$/$sum $file/")
done
sed "${edits[@]}" "$script" >"$work/scripts/data.sh"

echo "an intact data set is recognised"
fresh
run 0 mnist
prints "mnist is complete"
for file in "${files[@]}"; do holds "$file"; done

echo "compressed files are unpacked, and kept"
fresh
gzip "$mnist"/*
run 0 --offline mnist
for file in "${files[@]}"; do holds "$file"; done
[ -f "$mnist/${files[0]}.gz" ] || fail "the compressed file is gone"

echo "a corrupt file is taken out of place and reported"
fresh
printf x >>"$mnist/${files[1]}"
run 3 --offline mnist
prints "${files[1]} has a wrong check sum"
prints "missing: ${files[1]}"
absent "${files[1]}"
[ -f "$mnist/${files[1]}.broken" ] || fail "the corrupt file is gone altogether"
holds "${files[0]}"

echo "a corrupt file is replaced by an intact compressed one"
fresh
gzip -k "$mnist/${files[2]}"
printf x >"$mnist/${files[2]}"
run 0 --offline mnist
holds "${files[2]}"

echo "a truncated compressed file is refused"
fresh
gzip "$mnist/${files[0]}"
truncate -s -6 "$mnist/${files[0]}.gz"
run 3 --offline mnist
absent "${files[0]}"
absent "${files[0]}.gz"

echo "a compressed file with other content is refused"
fresh
rm "$mnist/${files[0]}"
printf 'something else' | gzip >"$mnist/${files[0]}.gz"
run 3 --offline mnist
absent "${files[0]}"

echo "missing files are named, and nothing temporary is left"
rm -rf -- "$mnist"
run 3 --offline mnist
prints "${files[3]}"
[ -z "$(ls -A "$mnist")" ] || fail "files are left behind: $(ls -A "$mnist")"

echo "paths with spaces work"
SHALLOWS_DATA="$work/with space" run 3 --offline mnist
[ -d "$work/with space/mnist" ] || fail "the directory was not made"

echo "without SHALLOWS_DATA the data go beside the scripts"
fresh
mkdir -p "$work/data"
(unset SHALLOWS_DATA && bash "$work/scripts/data.sh" --offline mnist) >"$work/output" 2>&1 || fail "default directory"
prints "mnist into $work/data/mnist"

echo "a wrong name is a usage error"
run 2 mnits
prints "unknown argument 'mnits'"
prints "Usage:"
run 2
prints "Usage:"
run 2 mnist fashion-mnist
run 0 --help
prints "Usage:"

[ "$failures" -eq 0 ] || exit 1
