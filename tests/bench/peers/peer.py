"""What the programs here that hold Shallows against others have in common: where things are, and how to skip."""

import gzip
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = str(ROOT / "build/release/shallows")
EXIT_SKIPPED = 77
# Of programs that are started from here, too.
os.environ.setdefault("SHALLOWS_DATA", str(ROOT / "data"))


def skip(what):
    print(f"skipped: {what}", file=sys.stderr)
    sys.exit(EXIT_SKIPPED)


def data_directory(name):
    """Where the program looks for a data set."""
    return Path(os.environ["SHALLOWS_DATA"]) / name


def read_idx(directory, name):
    """The IDX file of images or labels, plain or .gz: [item][pixel], bytes."""
    import numpy as np  # here, so that who lacks it can be skipped

    for path, opener in ((directory / name, open), (directory / f"{name}.gz", gzip.open)):
        if path.exists():
            with opener(path, "rb") as file:
                data = file.read()
            count = int.from_bytes(data[4:8], "big")
            header = 4 + 4 * data[3]  # a number for each dimension
            return np.frombuffer(data, np.uint8, offset=header).reshape(count, -1)
    return skip(f"'{name}' is not in {directory}; run scripts/data.sh, or set SHALLOWS_DATA")
