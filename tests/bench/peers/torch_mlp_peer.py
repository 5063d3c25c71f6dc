#!/usr/bin/python3
"""Times an epoch of a dense network, 784-800-800-10 on MNIST in batches of 64, in PyTorch and in Shallows, in turns.

Both train the network of experiments/configs/bp-2x800.toml from weights of their own by stochastic gradient descent
on softmax cross-entropy, in single precision, by backpropagation and by feedback alignment (fixed random weights in
place of the transposed ones, in PyTorch as a function with its own backward pass). Timed is what an epoch takes:
drawing the order, gathering batches, the update and the count of right answers before it; not loading the images.
Shallows gives the same bits on any number of threads, PyTorch does not promise that.

Debian's PyTorch multiplies by the machine's libblas.so.3: it is given OpenBLAS's, as the reference one is thirty times
slower. The threads are OpenBLAS's.

Needs MNIST (scripts/data.sh), and on Debian: apt-get install python3-torch libopenblas0-pthread
Exit codes: 0 done, 1 failed, 77 something that it needs is missing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peer import PROGRAM, ROOT, data_directory, read_idx, skip

SIZES = (784, 800, 800, 10)
BATCH = 64
LEARNING_RATE = 0.3
RULES = {"backprop": (), "feedback-alignment": ("hidden.feedback_scale=1", "hidden.2.feedback_scale=1")}

try:
    import numpy as np
    import torch
except ImportError as error:
    MISSING = str(error)
else:
    MISSING = None


def multiply_by_openblas(threads):
    """Starts this program anew with OpenBLAS in place of other libraries, if it does not have that yet."""
    found = sorted(Path("/usr/lib").glob("*/openblas-pthread/libblas.so.3"))
    if not found:
        skip("there is no OpenBLAS; apt-get install libopenblas0-pthread")
    folder = str(found[0].parent)
    if os.environ.get("LD_LIBRARY_PATH", "").split(":")[0] != folder:
        path = ":".join(filter(None, (folder, os.environ.get("LD_LIBRARY_PATH"))))
        environment = {**os.environ, "LD_LIBRARY_PATH": path, "OPENBLAS_NUM_THREADS": str(threads)}
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def images_of(part):
    directory = data_directory("mnist")
    pixels = read_idx(directory, f"{part}-images-idx3-ubyte").astype(np.float32) / 255
    labels = read_idx(directory, f"{part}-labels-idx1-ubyte").ravel().astype(np.int64)
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def with_feedback():
    """A linear function whose errors go back through weights of their own."""

    class Aligned(torch.autograd.Function):
        @staticmethod
        def forward(context, x, weights, biases, feedback):
            context.save_for_backward(x, feedback)
            return torch.addmm(biases, x, weights.t())

        @staticmethod
        def backward(context, step):
            x, feedback = context.saved_tensors
            below = step @ feedback if context.needs_input_grad[0] else None
            return below, step.t() @ x, step.sum(0), None

    return Aligned.apply


class Torch:
    """The network in PyTorch."""

    def __init__(self, rule, seed=1):
        torch.manual_seed(seed)
        self.layers = [torch.nn.Linear(below, above) for below, above in zip(SIZES, SIZES[1:])]
        aligned = with_feedback()
        self.feedback = [torch.randn(layer.weight.shape) / layer.weight.shape[1] ** 0.5 for layer in self.layers]
        if rule == "backprop":
            self.functions = self.layers
        else:
            self.functions = [lambda x, layer=layer, b=b: aligned(x, layer.weight, layer.bias, b)
                              for layer, b in zip(self.layers, self.feedback)]
        parameters = [p for layer in self.layers for p in layer.parameters()]
        self.optimiser = torch.optim.SGD(parameters, lr=LEARNING_RATE)

    def respond(self, x):
        for function in self.functions[:-1]:
            x = torch.relu(function(x))
        return self.functions[-1](x)

    def epoch(self, images, labels):
        """Seconds."""
        start = time.perf_counter()
        correct = 0
        order = torch.randperm(len(images))
        for first in range(0, len(images), BATCH):
            chosen = order[first:first + BATCH]
            x, label = images[chosen], labels[chosen]
            answers = self.respond(x)
            correct += int((answers.argmax(1) == label).sum())
            self.optimiser.zero_grad()
            torch.nn.functional.cross_entropy(answers, label).backward()
            self.optimiser.step()
        return time.perf_counter() - start

    def accuracy(self, images, labels):
        with torch.no_grad():
            return 100 * float((self.respond(images).argmax(1) == labels).float().mean())


def run_ours(program, rule, threads, folder):
    """Seconds of an epoch and test accuracy after it."""
    settings = ["training.epochs=1", "training.learning_rate_decay=1", f"training.learning_rate={LEARNING_RATE}",
                f"training.batch={BATCH}", f"hidden.rule={rule}", f"hidden.2.rule={rule}", *RULES[rule]]
    (folder / f"{rule}.h5").unlink(missing_ok=True)
    command = [program, "train", ROOT / "experiments/configs/bp-2x800.toml", "-o", folder / f"{rule}.h5",
               "--threads", threads, "--json", "-q", *(word for setting in settings for word in ("--set", setting))]
    outcome = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, check=False)
    if outcome.returncode != 0:
        sys.exit(f"'{program} train' failed with exit code {outcome.returncode}")
    figures = json.loads(outcome.stdout)
    return figures["training_seconds"], figures["test_accuracy"]


def compare(options, folder):
    # OpenBLAS's threads and PyTorch's own would wait for each other (17 s an epoch on two cores, 5 s so).
    torch.set_num_threads(1)
    train, test = images_of("train"), images_of("t10k")
    mean = train[0].mean(0)
    train, test = (train[0] - mean, train[1]), (test[0] - mean, test[1])
    result = {"threads": options.threads, "torch_version": torch.__version__, "rounds": options.rounds, "rules": {}}
    for rule in RULES:
        seconds = []
        for _ in range(options.rounds):
            network = Torch(rule)
            seconds.append((*run_ours(options.program, rule, options.threads, folder), network.epoch(*train),
                            network.accuracy(*test)))
        ours, our_accuracy, theirs, their_accuracy = zip(*seconds)
        result["rules"][rule] = {
            "seconds": statistics.median(ours), "torch_seconds": statistics.median(theirs),
            # Of the rounds' ratios, because the machine's speed changes from round to round.
            "ratio": statistics.median(t / o for o, t in zip(ours, theirs)),
            "test_accuracy": our_accuracy[0], "torch_test_accuracy": their_accuracy[0]}
    return result


def render(result):
    lines = [f"an epoch of {'-'.join(map(str, SIZES))} on MNIST in batches of {BATCH}, {result['threads']} threads, "
             f"median of {result['rounds']} rounds in turns; accuracy on test images after it",
             f"{'':20}{'Shallows':>16}{'PyTorch ' + result['torch_version']:>20}{'ratio':>8}"]
    for rule, figures in result["rules"].items():
        ours = f"{figures['seconds']:.2f} s {figures['test_accuracy']:.2f} %"
        theirs = f"{figures['torch_seconds']:.2f} s {figures['torch_test_accuracy']:.2f} %"
        lines.append(f"{rule:20}{ours:>16}{theirs:>20}{figures['ratio']:8.2f}")
    return "\n".join(lines)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=PROGRAM, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="of both (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="the median counts (default: %(default)s)")
    parser.add_argument("--agree", type=float, metavar="POINTS",
                        help="fail if test accuracies differ by more than these percentage points")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    options = parser.parse_args()
    if options.threads < 1 or options.rounds < 1:
        parser.error("--threads and --rounds must be above 0")
    return options


def main():
    options = parse_arguments()
    if MISSING:
        skip(f"{MISSING}; apt-get install python3-torch")
    multiply_by_openblas(options.threads)
    with tempfile.TemporaryDirectory(prefix="shallows-torch-") as folder:
        result = compare(options, Path(folder))
    print(json.dumps(result) if options.json else render(result))
    differences = [abs(f["test_accuracy"] - f["torch_test_accuracy"]) for f in result["rules"].values()]
    if options.agree is not None and max(differences) > options.agree:
        sys.exit(f"the accuracies differ by {max(differences):.2f} points")


if __name__ == "__main__":
    main()
