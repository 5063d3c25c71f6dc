"""Golden runs: the bits of a tiny run of every configuration, engine and precision are those in golden.json.

A restructuring changes none of them. Where a change of results is meant, say why in the commit and write the new ones
with golden_test.py --update [NAME ...]. The images are drawn here, from integers, so nothing is downloaded. What is
compared are values, not the layout of the file: a dataset may get another name, not another content.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import tomllib
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "experiments" / "program"))
from harness import (EXIT_DONE, PROGRAM, Running, idx_images, idx_labels, settings, shallows, wait_until)  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "experiments" / "configs"
GOLDEN = Path(__file__).with_name("golden.json")
SIDE = 28
TRAIN, TEST = 400, 60

# What is hashed, by the first folder of its name in the file. Figures of speed and the provenance are not.
GROUPS = {
    "weights": ("weights", "biases", "receptive_fields", "projections", "feedback", "optimiser", "thresholding", "thresholds", "memory", "initial"),
    "state": ("state", "test/state"),
    "spikes": ("spikes", "trials/offsets"),
    "predictions": ("trials/predicted", "trials/scores", "evaluation"),
}

# Beyond the configurations: engines and precisions, keys that choose another path, and what is recorded.
VARIANTS = {
    "spiking double": ("demo-lif-l-rg", ["engine.precision=double"]),
    "spiking reference": ("demo-lif-l-rg", ["engine.kind=reference"]),
    "spiking refractory": ("demo-lif-l-rg", ["neuron.refractory_ms=2"]),
    "spiking teacher integral": ("demo-lif-l-rg", ["readout.rule=teacher-integral", "training.learning_rate=0.02"]),
    "spiking pair stdp": ("demo-lif-l-rg", ["readout.rule=pair-stdp", "engine.precision=double"]),
    "spiking gated pair stdp": ("demo-lif-l-rg", ["readout.rule=gated-pair-stdp", "training.learning_rate=0.1"]),
    "spiking whole images": ("lif-l-rp", ["hidden.patch=28", "hidden.scale=10", "hidden.bias_mV=0"]),
    "rate cross-entropy": ("l-rp", ["readout.loss=cross-entropy"]),
    "rate nonlinear hebb": ("l-ica", ["hidden.ica_rule=nonlinear-hebb", "hidden.fit_updates=300"]),
    "rate sanger": ("l-pca", ["hidden.pca_rule=sanger", "hidden.fit_updates=300"]),
    "rate oja": ("l-pca", ["hidden.pca_rule=oja-subspace", "hidden.fit_updates=300"]),
    "rate two classes": ("l-rg", ["dataset.classes=0,1"]),
    "rate two layers": ("demo-l-rg", ["hidden.2.kind=random", "hidden.2.size=40", "hidden.2.patch=12"]),
    "rate three layers": ("demo-l-rg", ["hidden.2.kind=random", "hidden.2.size=40", "hidden.2.rule=feedback-alignment",
                                        "hidden.3.kind=random", "hidden.3.size=30", "hidden.3.rule=backprop",
                                        "hidden.3.activation=logistic", "training.batch=8"]),
    "rate hebbnet": ("demo-l-rg", ["hidden.rule=oja", "hidden.patch=28", "hidden.size=100", "hidden.thresholding=true",
                                   "hidden.sparsity=0.3", "hidden.learning_rate_factor=1e-3"]),
    "rate kolen-pollack": ("demo-l-rg", ["hidden.2.kind=random", "hidden.2.size=40", "hidden.2.activation=tanh",
                                         "hidden.rule=feedback-alignment", "hidden.feedback_rule=kolen-pollack",
                                         "hidden.feedback_decay=0.1", "hidden.2.rule=direct-feedback-alignment",
                                         "hidden.2.feedback=binary-sign", "hidden.2.feedback_rule=mirror",
                                         "training.batch=4", "training.optimiser=adam",
                                         "readout.loss=logistic-cross-entropy"]),
    "rate soft-hebb": ("demo-l-rg", ["hidden.rule=soft-hebb", "training.batch=8", "training.optimiser=momentum",
                                     "readout.added_rule=oja", "readout.added_factor=0.01"]),
    "rate krotov-hopfield": ("demo-l-rg", ["hidden.rule=krotov-hopfield", "hidden.patch=28", "hidden.size=100",
                                           "hidden.learning_rate_factor=0.1", "readout.rule=oja-descent",
                                           "training.optimiser=rmsprop", "training.learning_rate=1e-3"]),
    "rate oja layer": ("demo-l-rg", ["hidden.rule=oja", "hidden.learning_rate_factor=1e-3"]),
    "rate complex cells": ("demo-l-rg", ["hidden.pool=2", "hidden.pooling=mean"]),
    "spiking two layers": ("demo-lif-l-rg", ["hidden.2.kind=random", "hidden.2.size=40", "hidden.2.patch=12"]),
    "spiking complex cells": ("demo-lif-l-rg", ["hidden.pool=2"]),
    "memory novelty": ("memory-mnist-gabor", ["memory.gate=novelty", "memory.threshold=0.1", "memory.batch=1",
                                              "memory.replacement=least-used", "memory.vote=distance"]),
    "memory l1": ("memory-mnist", ["memory.distance=l1", "memory.neighbours=5"]),
    "rate foldiak": ("l-sc", ["hidden.sparse_rule=foldiak", "hidden.fit_rate=0.1", "hidden.inhibition=none"]),
}
RECORDS = ("none", "all@both:0:end", "hidden@both:3:end:7")


def small(name):
    """Settings that make a run of a configuration tiny; learned banks need a few images for each feature."""
    config = tomllib.loads((CONFIGS / f"{name}.toml").read_text())
    hidden = config["hidden"]
    if isinstance(hidden, list):
        hidden = hidden[0]
    images = 50_000 if "cifar10" in name else TRAIN
    sets = [f"training.epochs={200 / images}", "test.images=40"]
    if hidden["kind"] != "none":
        sets.append("hidden.size=60")
    if isinstance(config["hidden"], list):
        sets.append("hidden.2.size=40")
    if hidden["kind"] in ("pca", "ica", "sparse"):
        sets += [f"hidden.features={20 if hidden['patch'] == SIDE else 4}", "hidden.fit_images=300"]
        if "fit_updates" in hidden:
            sets.append("hidden.fit_updates=200")
    if config["model"] == "memory":
        sets.append("memory.max_neurons=150")
    return sets


def draw(count, seed, side):
    """Blurred blobs, three to an image, whose places depend on the class; bytes, from a generator that stays the same."""
    dice = np.random.RandomState(seed)
    labels = dice.randint(0, 10, count)
    rows, columns = np.mgrid[0:side, 0:side]
    images = np.zeros((count, side, side), np.int64)
    for blob in range(3):
        row = (labels * (3 + 2 * blob) + dice.randint(0, 4, count)) % side
        column = (labels * (5 + 4 * blob) + dice.randint(0, 4, count)) % side
        squared = (rows - row[:, None, None]) ** 2 + (columns - column[:, None, None]) ** 2
        images += np.maximum(0, 220 - 11 * squared)
    images += dice.randint(0, 20, images.shape) * (images > 0)
    return np.minimum(images, 255).astype(np.uint8), labels.astype(np.uint8)


def write_data(home):
    for part, count, seed in (("train", TRAIN, 1), ("t10k", TEST, 2)):
        images, labels = draw(count, seed, SIDE)
        for name in ("mnist", "fashion-mnist"):
            (home / name).mkdir(exist_ok=True)
            (home / name / f"{part}-images-idx3-ubyte").write_bytes(idx_images([i.tobytes() for i in images], SIDE))
            (home / name / f"{part}-labels-idx1-ubyte").write_bytes(idx_labels(labels.tolist()))
    (home / "cifar10").mkdir()
    for part, seed in [(f"data_batch_{k}", k) for k in range(1, 6)] + [("test_batch", 6)]:
        few, labels = draw(500, seed, 32)  # repeated: a batch has 10 000 images
        colours = np.stack([few, few // 2, 255 - few], axis=1).reshape(500, -1)
        records = np.concatenate([labels[:, None], colours], axis=1)
        (home / "cifar10" / f"{part}.bin").write_bytes(np.tile(records, (20, 1)).tobytes())


def digests(path):
    """{group: SHA-256 of its arrays, whatever they are called}; groups that the file lacks are left out."""
    found = {group: [] for group in GROUPS}

    def add(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        for group, prefixes in GROUPS.items():
            if name.startswith(prefixes):
                found[group].append(hashlib.sha256(repr(item.shape).encode() + item[()].tobytes()).digest())

    with h5py.File(path, "r") as file:
        file.visititems(add)
    return {group: hashlib.sha256(b"".join(sorted(parts))).hexdigest()[:16] for group, parts in found.items() if parts}


class Runs:
    """Trains in a folder of its own with the drawn data."""

    def __init__(self, home):
        self.home = home
        self.env = {**os.environ, "SHALLOWS_DATA": str(home)}

    def train(self, config, sets, file, *arguments):
        path = self.home / file
        outcome = shallows("train", CONFIGS / f"{config}.toml", *settings(*sets), "-o", path, "--quiet", *arguments,
                           env=self.env)
        if outcome.code != EXIT_DONE:
            raise AssertionError(f"{file}: {outcome.stderr}")
        return digests(path)

    def of_case(self, case):
        config, sets = VARIANTS.get(case, (case, []))
        return self.train(config, [*small(config), *sets], f"{case.replace(' ', '-')}.h5", "--threads", 1)


CASES = sorted(path.stem for path in CONFIGS.glob("*.toml")) + list(VARIANTS)


def all_runs(home, cases):
    write_data(home)
    runs = Runs(home)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(cases, pool.map(runs.of_case, cases)))


class Golden(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="shallows-golden-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.golden = json.loads(GOLDEN.read_text())
        cls.runs = Runs(cls.home)
        cls.found = all_runs(cls.home, CASES)

    def test_every_configuration_has_its_bits(self):
        self.assertEqual(self.found, self.golden)

    def test_fast_and_reference_engine_in_double_precision_predict_the_same(self):
        self.assertEqual(self.found["spiking double"]["predictions"], self.found["spiking reference"]["predictions"])

    def test_recording_changes_nothing_but_what_is_recorded(self):
        for config in ("demo-lif-l-rg", "demo-l-rg", "memory-mnist"):
            for k, record in enumerate(RECORDS):
                if "hidden" in record and config != "demo-lif-l-rg":
                    continue
                with self.subTest(config=config, record=record):
                    found = self.runs.train(config, small(config), f"recorded-{config}-{k}.h5", "--record", record)
                    for group in ("weights", "state"):
                        self.assertEqual(found.get(group), self.golden[config].get(group))

    def test_a_killed_and_resumed_run_has_its_bits(self):
        for config in ("demo-lif-l-rg", "demo-l-rg"):
            with self.subTest(config=config):
                sets = [*small(config), f"training.epochs={20 if 'lif' in config else 2000}"]
                whole = self.runs.train(config, sets, f"whole-{config}.h5")
                file = self.home / f"killed-{config}.h5"
                program = Running("train", CONFIGS / f"{config}.toml", *settings(*sets), "-o", file, "--quiet",
                                  "--checkpoint-every", 100, cwd=self.home, env=self.runs.env)
                checkpoint = Path(f"{file}.checkpoint")
                wait_until(lambda: checkpoint.exists() or program.process.poll() is not None, "a checkpoint")
                self.assertIsNone(program.process.poll(), "the run ended before it could be killed")
                program.send(signal.SIGKILL)
                program.finish()
                self.assertEqual(self.runs.train(config, sets, file.name, "--resume"), whole)


def update(names):
    stored = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    with tempfile.TemporaryDirectory(prefix="shallows-golden-") as home:
        stored.update(all_runs(Path(home), names or CASES))
    GOLDEN.write_text(json.dumps({case: stored[case] for case in CASES if case in stored}, indent=1) + "\n")


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("set SHALLOWS_PROGRAM to the shallows binary")
    if sys.argv[1:2] == ["--update"]:
        update(sys.argv[2:])
    else:
        unittest.main(verbosity=2)
