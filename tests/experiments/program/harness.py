"""What the tests of the program share: the binary, tiny data sets, configurations, and the comparison of run files.

The program under test is $SHALLOWS_PROGRAM. Every test case works in a temporary folder of its own.
"""

import gzip
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from collections import namedtuple
from pathlib import Path

import h5py

PROGRAM = os.environ.get("SHALLOWS_PROGRAM", "")
SIDE = 8
CLASSES = 3
TRAIN, TEST = 240, 90

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_DATA, EXIT_CHECKPOINT = 0, 1, 2, 3, 4

SPIKING = """
model = "spiking"
name = "tiny"
seed = 5
[dataset]
name = "tiny"
directory = "DATA"
[hidden]
kind = "gabor"
size = 60
patch = 4
[training]
epochs = 1.0
learning_rate = 4e-3
[record]
trials = "0:4"
"""

RATE = """
model = "rate"
name = "tiny-rate"
seed = 5
[dataset]
name = "tiny"
directory = "DATA"
[hidden]
kind = "gabor"
size = 60
patch = 4
[training]
epochs = 3.0
learning_rate = 1e-2
"""

Outcome = namedtuple("Outcome", "code stdout stderr")

TRACES = ("terminate called", "unexpected problem", "what():", "HDF5-DIAG", "Traceback", "Aborted", "Segmentation",
          "AddressSanitizer", "runtime error")


def shallows(*arguments, cwd=None, env=None, timeout=120, **others):
    """Runs the program to its end."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, env=env, timeout=timeout,
                          stdin=subprocess.DEVNULL, capture_output=True, **others)
    return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def idx_images(images, side=SIDE):
    return struct.pack(">IIII", 0x00000803, len(images), side, side) + b"".join(images)


def idx_labels(labels):
    return struct.pack(">II", 0x00000801, len(labels)) + bytes(labels)


def draw_images(count, seed, side=SIDE):
    """Noisy bars: a row, a column or the diagonal, by class."""
    dice = random.Random(seed)
    images, labels = [], []
    for _ in range(count):
        label = dice.randrange(CLASSES)
        offset = dice.randrange(2, 5)
        pixels = bytearray(dice.randrange(60) for _ in range(side * side))
        for i in range(side):
            for width in range(2):
                row, column = [(offset + width, i), (i, offset + width), (i, (i + width) % side)][label]
                pixels[row * side + column] = dice.randrange(180, 256)
        images.append(bytes(pixels))
        labels.append(label)
    return images, labels


def write_dataset(directory, compressed=False, train=TRAIN, test=TEST):
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for prefix, count, seed in (("train", train, 1), ("t10k", test, 2)):
        images, labels = draw_images(count, seed)
        for name, content in ((f"{prefix}-images-idx3-ubyte", idx_images(images)),
                              (f"{prefix}-labels-idx1-ubyte", idx_labels(labels))):
            path = directory / (name + (".gz" if compressed else ""))
            path.write_bytes(gzip.compress(content) if compressed else content)


def settings(*pairs):
    """--set arguments of key=value texts."""
    return [word for pair in pairs for word in ("--set", pair)]


def is_time(name):
    return "seconds" in name or "ms_per_image" in name or "per_second" in name


def contents(path):
    """{path: value} of everything in a run file that must not depend on when and how fast it was made."""
    tree = {}

    def add_attributes(prefix, item):
        for name, value in item.attrs.items():
            full = f"{prefix}@{name}"
            if is_time(name) or full in ("summary@threads", "summary@output"):
                continue
            tree[full] = value.tobytes() if hasattr(value, "tobytes") else value

    def add(name, item):
        if name.split("/")[0] == "provenance":
            return
        add_attributes(name, item)
        if isinstance(item, h5py.Dataset) and not is_time(name):
            values = item[()]
            tree[name] = (str(item.dtype), item.shape, values.tobytes())

    with h5py.File(path, "r") as file:
        add_attributes("", file)
        file.visititems(add)
    return tree


def wait_until(condition, what, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.002)


def catches(pid, number):
    """Whether a process has a handler for the signal."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    except (FileNotFoundError, ProcessLookupError):
        pass
    return False


class Running:
    """The program in the background."""

    def __init__(self, *arguments, cwd, env=None):
        self.process = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, number):
        self.process.send_signal(number)

    def ready_for_signals(self):
        wait_until(lambda: catches(self.process.pid, signal.SIGINT) or self.process.poll() is not None, "handlers")

    def finish(self, timeout=60):
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return Outcome(self.process.returncode, stdout.decode(), stderr.decode())


class ProgramTestCase(unittest.TestCase):
    """A temporary folder with a data set, spiking.toml and rate.toml; `self.work` is its path."""

    train_images, test_images = TRAIN, TEST

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="shallows-program-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        write_dataset(cls.home / "tiny", train=cls.train_images, test=cls.test_images)

    def setUp(self):
        self.work = Path(tempfile.mkdtemp(prefix="test-", dir=self.home))
        self.write("spiking.toml", SPIKING)
        self.write("rate.toml", RATE)

    def write(self, name, text):
        path = self.work / name
        path.write_text(text.replace("DATA", str(self.home / "tiny")))
        return path

    def run_program(self, *arguments, **others):
        return shallows(*arguments, cwd=self.work, **others)

    def succeed(self, *arguments, **others):
        """Runs the program, which must succeed, in place of what an earlier call has written; it refuses to replace a
        result by itself (safety_test.py)."""
        if arguments[0] in ("train", "bank", "test") and "-o" in arguments and "--resume" not in arguments \
                and "--force" not in arguments:
            (self.work / arguments[arguments.index("-o") + 1]).unlink(missing_ok=True)
        outcome = self.run_program(*arguments, **others)
        self.assertEqual(outcome.code, EXIT_DONE, outcome.stderr)
        return outcome

    def succeed_json(self, *arguments):
        return json.loads(self.succeed(*arguments, "--json").stdout)

    def assert_refused(self, outcome, code, *words):
        """One clear message on stderr, the right exit code, and nothing on stdout."""
        self.assertEqual(outcome.code, code, f"stdout: {outcome.stdout}\nstderr: {outcome.stderr}")
        self.assertEqual(outcome.stdout, "")
        messages = [line for line in outcome.stderr.splitlines() if line.startswith("shallows: ")]
        self.assertEqual(len(messages), 1, outcome.stderr)
        for word in words:
            self.assertIn(word, outcome.stderr)
        for trace in TRACES:
            self.assertNotIn(trace, outcome.stderr)

    def assert_same_run(self, a, b):
        first, second = contents(a), contents(b)
        self.assertEqual(sorted(first), sorted(second))
        different = [name for name in first if first[name] != second[name]]
        self.assertEqual(different, [], f"{a} and {b} differ")

    def names_in(self, directory="."):
        return sorted(path.name for path in (self.work / directory).iterdir())


def main():
    if not PROGRAM:
        sys.exit("set SHALLOWS_PROGRAM to the shallows binary")
    unittest.main(verbosity=2)
