"""Rate runs made again from their files, and what was drawn for a run drawn again from its seed."""

import math
import tomllib

import h5py
import numpy as np
from harness import ProgramTestCase, main, settings
from replay import Data, learning_rate, matrix_of

HELD_OUT = 20


def softmax(activation):
    powers = np.exp(activation - activation.max())
    return powers / powers.sum()


class RateRun(ProgramTestCase):
    train_images, test_images = 40 + HELD_OUT, 15

    def replay(self, *changes):
        self.succeed("train", "rate.toml", "-o", "run.h5", *settings(f"dataset.validation={HELD_OUT}"), *changes)
        with h5py.File(self.work / "run.h5") as file:
            config = tomllib.loads(file["provenance"].attrs["config"])
            data = Data(file, config)
            learns = config["hidden"].get("rule", "fixed") != "fixed"
            before = "initial/" if learns else ""
            bank = matrix_of(file, before + "receptive_fields/filters")
            biases = file[before + "biases/hidden"][()].astype(np.float64)
            patches = bank != 0
            weights = file["weights/readout/initial"][()].astype(np.float64)
            readout_biases = file["initial/biases/readout"][()].astype(np.float64)
            feedback = file["feedback/hidden"][()] if "feedback/hidden" in file else None
            cross_entropy = config["readout"]["loss"] == "cross-entropy"
            order = file["training/order"][()]
            for k, image in enumerate(order):
                x = data.images["train"][image].astype(np.float64)
                h = np.maximum(bank @ x + biases, 0)
                activation = weights @ h + readout_biases
                target = np.arange(len(activation)) == data.labels["train"][image]
                delta = target - (softmax(activation) if cross_entropy else activation)
                if not cross_entropy:
                    delta[activation <= 0] = 0
                step = learning_rate(config, k, len(order)) * delta
                if learns:
                    errors = (weights if feedback is None else feedback).T @ step
                    hidden_step = config["hidden"]["learning_rate_factor"] * errors * (h > 0)
                    bank += patches * np.outer(hidden_step, x)
                    biases += hidden_step
                weights += np.outer(step, h)
                readout_biases += step
            for ours, name in ((weights, "weights/readout/final"), (readout_biases, "biases/readout"),
                               (biases, "biases/hidden"), (bank, None)):
                theirs = file[name][()] if name else matrix_of(file, "receptive_fields/filters")
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
            for moved, start in ((weights, "weights/readout/initial"), (readout_biases, "initial/biases/readout")):
                self.assertGreater(np.abs(moved - file[start][()]).max(), 1e-2)
            self.assertEqual(learns, "initial/receptive_fields/filters" in file)
            for k, (phase, sample) in enumerate(zip(file["trials/phase"], file["trials/sample"], strict=True)):
                part = {1: "test", 2: "validation"}[phase]
                h = np.maximum(bank @ data.images[part][sample].astype(np.float64) + biases, 0)
                activation = weights @ h + readout_biases
                scores = softmax(activation) if cross_entropy else np.maximum(activation, 0)
                np.testing.assert_allclose(file["trials/scores"][k], scores, rtol=0, atol=1e-4)
                self.assertEqual(file["trials/label"][k], data.labels[part][sample])

    def test_is_made_again_with_the_delta_rule(self):
        self.replay(*settings("training.epochs=5", "training.learning_rate_decay=3"))

    def test_is_made_again_with_softmax(self):
        self.replay(*settings("readout.loss=cross-entropy", "training.learning_rate=5e-2"))

    def test_is_made_again_with_a_bank_that_learns(self):
        for rule in ("backprop", "feedback-alignment"):
            with self.subTest(rule=rule):
                self.replay(*settings("hidden.kind=random", f"hidden.rule={rule}", "training.learning_rate=2e-2",
                                      "hidden.feedback_scale=1" if rule == "feedback-alignment" else "seed=7"))


def philox(key, counter):
    """One block of Philox4x32-10 (Salmon et al. 2011)."""
    word = 0xFFFFFFFF
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & word, (a >> 32) ^ c[3] ^ k[1], a & word]
        k = [(k[0] + 0x9E3779B9) & word, (k[1] + 0xBB67AE85) & word]
    return c


class Stream:
    """As the attribute rng of /provenance describes it."""

    def __init__(self, seed, purpose, index):
        self.words = (word for block in range(2**32)
                      for word in philox((seed % 2**32, seed >> 32), (block, purpose, index % 2**32, index >> 32)))
        self.spare = None

    def uniform(self):
        low = next(self.words)
        return ((next(self.words) << 32 | low) >> 11) * 2.0**-53

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        angle = 2 * math.pi * self.uniform()
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def integer(self, bound):
        while True:
            product = next(self.words) * bound
            if product % 2**32 >= 2**32 % bound:
                return product >> 32

    def shuffled(self, size):
        values = list(range(size))
        for i in range(size, 1, -1):
            j = self.integer(i)
            values[i - 1], values[j] = values[j], values[i - 1]
        return values


class RandomStreams(ProgramTestCase):
    def test_are_as_the_file_describes_them(self):
        seed = 2**40 + 5
        self.succeed("train", "spiking.toml", "-o", "run.h5", *settings(f"seed={seed}", "engine.kind=reference",
                                                                        "training.epochs=1.1"))
        self.succeed("train", "spiking.toml", "-o", "drawn.h5",
                     *settings(f"seed={seed}", "training.sampling=with-replacement", "training.epochs=0.1"))
        with h5py.File(self.work / "run.h5") as file:
            text = file["provenance"].attrs["rng"]
            lines = [line.split(" ", 1) for line in text.split("Purposes:\n")[1].split("\n")]
            purposes = {use: int(number) for number, use in lines}

            def stream(words, index):
                found = [purpose for use, purpose in purposes.items() if use.startswith(words)]
                self.assertEqual(len(found), 1, words)
                return Stream(seed, found[0], index)

            for index, name in enumerate(("input", "hidden", "readout")):
                dice = stream("spike thresholds", index)
                theta = file[f"thresholds/{name}_mV"][()]
                self.assertEqual(theta.tolist(), [20.0 + 1.0 * dice.uniform() for _ in theta])
                for words, group in (("voltages before training", "initial"), ("voltages before every test", "test")):
                    dice = stream(words, index)
                    self.assertEqual(file[f"{group}/state/{name}/v_mV"][()].tolist(),
                                     [0.0 + (t - 0.0) * dice.uniform() for t in theta])
            dice = stream("initial readout weights", 0)
            weights = file["weights/readout/initial"][()].reshape(-1)
            np.testing.assert_allclose(weights, [20 / math.sqrt(60) * dice.normal() for _ in weights], rtol=1e-14)
            order = file["training/order"][()].tolist()
            self.assertEqual(len(order), 264)
            epochs = [stream("order of the images", epoch).shuffled(240) for epoch in (0, 1)]
            self.assertEqual(order, epochs[0] + epochs[1][:24])
            places = stream("row and column of every patch of a drawn", 0)
            drawn = sorted((places.integer(5), places.integer(5)) for _ in range(60))
            self.assertEqual(drawn, sorted(zip(file["receptive_fields/row"][()].tolist(),
                                               file["receptive_fields/column"][()].tolist(), strict=True)))
            with h5py.File(self.work / "drawn.h5") as other:
                self.assertEqual(other["training/order"][()].tolist(),
                                 [stream("order of the images", k).integer(240) for k in range(24)])


if __name__ == "__main__":
    main()
