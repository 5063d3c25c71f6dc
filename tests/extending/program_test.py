"""The program, built from a copy of the sources to which the toys were added, has them and works with them.

usage: program_test.py FOLDER        where the copy lies and is built; what is there already is used again
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from extend import SOURCES, extend, write

sys.path.insert(0, str(SOURCES / "scripts"))
from layering import MAY_INCLUDE, files_of  # noqa: E402

FOLDER = Path(sys.argv.pop(1)).resolve()
SIDE = 6

CONFIG = """
model = "spiking"
name = "toys"
seed = 3
[dataset]
name = "text"
[hidden]
kind = "checkers"
size = 40
patch = 4
square = 1
[readout]
rule = "homeostasis"
loss_mV = 0.25
[training]
learning_rate = 1.0
"""

DEEP = """
model = "rate"
name = "deep"
seed = 3
[dataset]
name = "text"
[[hidden]]
kind = "checkers"
size = 40
patch = 4
rule = "forgetting-hebb"
learning_rate_factor = 1e-3
[[hidden]]
kind = "pairs"
activation = "softplus"
[readout]
loss = "cross-entropy"
[training]
epochs = 20
learning_rate = 1e-2
"""


def copy_sources(tree):
    """Touches only what differs, so that little is compiled anew."""
    names = [path.relative_to(SOURCES) for path in files_of(SOURCES)]
    wanted = {name: (SOURCES / name).read_text() for name in names
              if name.parts[0] in {*MAY_INCLUDE, "cmake", "CMakeLists.txt"}}
    with tempfile.TemporaryDirectory() as folder:
        extend(Path(folder))
        wanted.update({path.relative_to(folder): path.read_text() for path in Path(folder).rglob("*.?pp")})
    for old in [path for path in tree.rglob("*") if path.is_file()]:
        name = old.relative_to(tree)
        if name not in wanted and name.parts[0] != "build":
            old.unlink()
    for name, text in wanted.items():
        write(tree / name, text)


def run(*words, **others):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, **others)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}\n{done.stdout[-5000:]}{done.stderr[-5000:]}")
    return done.stdout


def write_images(path, count, seed):
    """Bright rows or columns."""
    dice = random.Random(seed)
    lines = []
    for _ in range(count):
        label, at = dice.randrange(2), dice.randrange(SIDE)
        pixels = [dice.randrange(60) + 180 * (at == (pixel // SIDE, pixel % SIDE)[label]) for pixel in range(SIDE**2)]
        lines.append(" ".join(map(str, [label, *pixels])))
    path.write_text("\n".join(lines) + "\n")


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        copy_sources(FOLDER)
        # Where the build lies from the sources is where it lies here, for the sake of a compiler cache.
        build = FOLDER / "build" / "release"
        run("cmake", "-G", "Ninja", "-S", FOLDER, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
            "-DSHALLOWS_BUILD_TESTS=OFF")
        run("cmake", "--build", build, "--target", "shallows")
        cls.program = build / "shallows"
        folder = tempfile.TemporaryDirectory(prefix="shallows-extending-")
        cls.addClassCleanup(folder.cleanup)
        cls.work = Path(folder.name)
        (cls.work / "data/text").mkdir(parents=True)
        write_images(cls.work / "data/text/train.txt", 60, 1)
        write_images(cls.work / "data/text/test.txt", 20, 2)
        (cls.work / "toys.toml").write_text(CONFIG)

    def shallows(self, *words):
        return run(self.program, *words, cwd=self.work, env={**os.environ, "SHALLOWS_DATA": str(self.work / "data")})

    def test_lists_what_was_added(self):
        listed = json.loads(self.shallows("list", "--json"))
        for kind, name in (("rules", "homeostasis"), ("banks", "checkers"), ("datasets", "text"),
                           ("rules", "forgetting-hebb"), ("layers", "pairs"), ("activations", "softplus"),
                           ("commands", "hello")):
            self.assertIn(name, [entry["name"] for entry in listed[kind]])

    def test_says_what_the_new_keys_mean(self):
        reference = self.shallows("config", "--reference")
        self.assertRegex(reference, r"(?m)^\| `readout.loss_mV` .*what a spike takes from a weight")
        self.assertRegex(reference, r"(?m)^\| `hidden.square` .*`hidden.kind` is `checkers`")

    def test_runs_the_new_command(self):
        self.assertEqual(self.shallows("hello", "you"), "hello, you\n")
        self.assertIn("Whom to greet", self.shallows("help", "hello"))

    def test_trains_and_tests_with_what_was_added(self):
        result = json.loads(self.shallows("train", "toys.toml", "--json", "-o", "run.h5", "--seed", "4"))
        self.assertEqual((result["dataset"], result["images_trained"], result["test_images"]), ("text", 60, 20))
        self.assertIn("cb", result["model"])
        tested = json.loads(self.shallows("test", "run.h5", "--json"))
        self.assertEqual(tested["test_accuracy"], result["test_accuracy"])
        lossless = json.loads(self.shallows("train", "toys.toml", "--json", "-o", "0.h5", "--set", "readout.loss_mV=0"))
        self.assertLess(result["spikes_per_image"]["readout"], lossless["spikes_per_image"]["readout"])

    def test_trains_a_rate_network_of_the_new_layers(self):
        (self.work / "deep.toml").write_text(DEEP)
        result = json.loads(self.shallows("train", "deep.toml", "--json", "-o", "deep.h5"))
        self.assertEqual((result["model"], result["hidden"]), ("l-in+pairs", 39))
        self.assertGreater(result["test_accuracy"], 60)
        tested = json.loads(self.shallows("test", "deep.h5", "--json"))
        self.assertEqual(tested["test_accuracy"], result["test_accuracy"])

    def test_makes_the_new_bank(self):
        made = json.loads(self.shallows("bank", "toys.toml", "--json", "-o", "bank.h5"))
        self.assertEqual((made["hidden"], made["patch"]), (40, 4))


if __name__ == "__main__":
    unittest.main()
