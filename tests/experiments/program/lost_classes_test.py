"""A shipped configuration keeps every class: trained with seeds 1 to 30, each class is the answer to some test image.

An output that falls silent for every image (a rectified one has no gradient there) never speaks again, and its class
is lost; whether that happens depends on the seed. Usage: lost_classes_test.py CONFIG.toml [SEED ...]. Ends with 77
where the data set is missing.
"""

import json
import os
import sys
import tempfile
import tomllib
from pathlib import Path

import h5py
from harness import EXIT_DATA, EXIT_DONE, PROGRAM, settings, shallows

ROOT = Path(__file__).resolve().parents[3]
SEEDS = range(1, 31)
SKIPPED = 77
LEARNED_BANKS = ("pca", "ica", "sparse")


def first_hidden(config):
    """The first hidden layer; several are an array of tables."""
    hidden = config.get("hidden", {})
    return hidden[0] if isinstance(hidden, list) else hidden


def less_training(name, config):
    """Settings that make thirty runs bearable: the demos are trained as they are, of the others the beginning.

    The beginning is that of the whole run, at the learning rate that this starts with; the number of hidden neurons,
    which with the rate decides how far an update moves an output, is kept by rate networks. A class that is lost is no
    answer to any image, so some of the test images tell.
    """
    hidden = first_hidden(config)
    if name.startswith("demo-"):
        return ["test.images=2000"] if config["model"] == "spiking" else []
    if config["model"] == "memory":  # its rows have classes for good; their order decides which it has seen
        return ["training.epochs=0.1", "test.images=500"]
    start = ["training.learning_rate_decay=1", "test.images=2000"]
    if config["model"] == "spiking":
        return [*start, "training.epochs=0.15", f"hidden.size={min(1000, hidden['size'])}"]
    whole_images = hidden.get("size", 0) >= 5000 and hidden.get("patch") == 28
    return [*start, f"training.epochs={0.2 if whole_images else 1.0}"]


def run(*arguments):
    outcome = shallows(*arguments, "--threads", 1, "--quiet", timeout=3600)
    if outcome.code == EXIT_DATA:
        print(outcome.stderr)
        sys.exit(SKIPPED)
    if outcome.code != EXIT_DONE:
        sys.exit(f"{' '.join(map(str, arguments))}:\n{outcome.stderr}")
    return outcome.stdout


def lost_classes(file):
    """The classes that no test image gets as answer, though some image has them."""
    with h5py.File(file) as stored:
        confusion = stored["evaluation/test_confusion"][()]  # of true and predicted classes
    shown, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    return [label for label in range(len(shown)) if shown[label] > 0 and answered[label] == 0]


def main():
    path = Path(sys.argv[1])
    seeds = [int(word) for word in sys.argv[2:]] or SEEDS
    config = tomllib.loads(path.read_text())
    less = settings(*less_training(path.stem, config))
    failed = []
    with tempfile.TemporaryDirectory(prefix="shallows-classes-") as folder:
        bank = []
        if first_hidden(config).get("kind") in LEARNED_BANKS:
            # One for all seeds: it takes far longer than the training, and its filters know of no class.
            bank = ["--bank", f"{folder}/bank.h5"]
            size = [word for word in less if word.startswith("hidden.size")]
            run("bank", path, *settings(*size), "-o", bank[1])
        for seed in seeds:
            file = f"{folder}/{seed}.h5"
            figures = json.loads(run("train", path, *less, *bank, "--seed", seed, "-o", file, "--json"))
            lost = lost_classes(file)
            Path(file).unlink()
            print(f"seed {seed}: {figures['test_accuracy']:.2f} %{f', lost {lost}' if lost else ''}", flush=True)
            if lost:
                failed.append(seed)
    if failed:
        sys.exit(f"{path.name} loses a class with seeds {failed}")


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("set SHALLOWS_PROGRAM to the shallows binary")
    os.environ.setdefault("SHALLOWS_DATA", str(ROOT / "data"))
    main()
