"""Runs made again from their run file and the IDX images alone, with numpy, by code that shares nothing with the program.

What it takes beyond the files is in docs/files.md, and nowhere else.
"""

import math
import struct
import tomllib
from pathlib import Path

import h5py
import numpy as np
from harness import ProgramTestCase, main, settings

HELD_OUT = 20
DOUBLE = settings(f"dataset.validation={HELD_OUT}", "engine.precision=double")
EXTREMES = settings("neuron.delay_ms=7", "neuron.refractory_ms=2", "readout.weight_bound_mV=50",
                    "training.learning_rate_decay=10", "training.sampling=with-replacement", "training.epochs=1.5")


def read_idx(path):
    content = Path(path).read_bytes()
    dimensions = struct.unpack(f">{content[3]}I", content[4:4 + 4 * content[3]])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(dimensions)


class Data:
    """The images as the network sees them, and their labels, by set."""

    def __init__(self, file, config):
        folder = Path(config["dataset"]["directory"])
        held_out = config["dataset"]["validation"]
        pixels, labels = {}, {}
        for part, prefix in (("train", "train"), ("test", "t10k")):
            images = read_idx(folder / f"{prefix}-images-idx3-ubyte")
            pixels[part] = images.reshape(len(images), -1)
            labels[part] = read_idx(folder / f"{prefix}-labels-idx1-ubyte")
        kept = len(labels["train"]) - held_out
        for values in (pixels, labels):
            values["validation"], values["train"] = values["train"][kept:], values["train"][:kept]
        if "data/pixel_mean" in file:
            mean = file["data/pixel_mean"][()].reshape(-1)
        else:
            mean = (pixels["train"].sum(axis=0, dtype=np.uint64) / (255.0 * kept)).astype(np.float32)
        self.images = {part: values.astype(np.float32) / np.float32(255) - mean for part, values in pixels.items()}
        self.labels = labels


def matrix_of(file, name):
    """[neuron, pixel] of a bank."""
    filters = file[name][()].astype(np.float64)
    rows, columns, channels = file["network/image_shape"][()]
    matrix = np.zeros((len(filters), channels, rows, columns))
    side = filters.shape[-1]
    for i, (row, column) in enumerate(zip(file["receptive_fields/row"][()], file["receptive_fields/column"][()],
                                          strict=True)):
        matrix[i, :, row:row + side, column:column + side] = filters[i]
    return matrix.reshape(len(filters), -1)


def learning_rate(config, k, presentations):
    training = config["training"]
    return training["learning_rate"] * training["learning_rate_decay"] ** (-k / presentations)


class Population:
    """Neurons with one constant drive: v[i] is the voltage at since[i], from when on it may move."""

    def __init__(self, neuron, drive, thresholds, voltages, free):
        self.tau, self.reset, self.refractory = neuron["tau_ms"], neuron["reset_mV"], neuron["refractory_ms"]
        self.drive, self.thresholds = drive, thresholds
        self.v = np.where(free > 0, self.reset, voltages)
        self.since = np.maximum(free, 0.0)

    def move_to(self, time):
        """Which neurons can hear something at this time; their voltages are those at it."""
        free = self.since <= time
        self.v[free] = self.drive + (self.v[free] - self.drive) * np.exp(-(time - self.since[free]) / self.tau)
        self.since[free] = time
        return free

    def spike(self, free, time):
        spiked = np.flatnonzero(free & (self.v >= self.thresholds))
        self.v[spiked] = self.reset
        self.since[spiked] = time + self.refractory
        return spiked


class SpikingNetwork:
    """A spiking run's network at the moment whose state is under `prefix` in its file."""

    def __init__(self, file, config, prefix):
        self.config = config
        neuron = config["neuron"]
        self.tau, self.refractory = neuron["tau_ms"], neuron["refractory_ms"]
        state = file[prefix + "state"]
        theta = {name: file[f"thresholds/{name}_mV"][()] for name in ("input", "hidden", "readout")}
        self.input_theta = theta["input"]
        self.input_v = state["input/v_mV"][()]
        self.input_free = state["input/refractory_left_ms"][()]
        drive = {name: config[name]["bias_mV"] for name in ("hidden", "readout")}
        gap = theta["hidden"] - drive["hidden"]
        self.hidden = Population(neuron, drive["hidden"], theta["hidden"],
                                 drive["hidden"] + state["hidden/normalised_v"][()] * gap, self.free(state["hidden"]))
        self.readout = Population(neuron, drive["readout"], theta["readout"],
                                  drive["readout"] + state["readout/u_mV"][()], self.free(state["readout"]))
        self.trace = state["readout/trace_kHz"][()].astype(np.float64)
        self.pending = {to: list(zip(state[f"pending_{to}/time_ms"][()].tolist(),
                                     state[f"pending_{to}/source"][()].tolist(), strict=True))
                        for to in ("hidden", "readout")}
        self.bank = matrix_of(file, "receptive_fields/filters")
        self.weights = file["weights/readout/initial"][()].astype(np.float64)

    def free(self, state):
        """Times from which the neurons are free."""
        if "free_from" not in state:
            return np.zeros(len(next(iter(state.values()))))
        return self.tau * np.log(np.maximum(state["free_from"][()], 1.0))

    def encode(self, pixels, duration):
        """Spikes of the input population in closed form, neuron by neuron."""
        settings_, reset = self.config["input"], self.config["neuron"]["reset_mV"]
        spikes = []
        for j, pixel in enumerate(pixels.astype(np.float64)):
            drive, theta = settings_["gain_mV"] * pixel + settings_["bias_mV"], self.input_theta[j]

            def rise(v, drive=drive, theta=theta):
                return self.tau * math.log1p((theta - v) / (drive - theta)) if drive > theta else math.inf

            since, v = (self.input_free[j], reset) if self.input_free[j] > 0 else (0.0, self.input_v[j])
            first = since + rise(v)
            period = self.refractory + rise(reset)
            count = 0
            while first + (count * period if count else 0.0) < duration:
                time = first + (count * period if count else 0.0)
                spikes.append((time, j))
                since, v = time + self.refractory, reset
                count += 1
            self.input_free[j] = max(since - duration, 0.0)
            if since <= duration:
                self.input_v[j] = drive + (v - drive) * math.exp(-(duration - since) / self.tau)
        return sorted(spikes)

    def delayed(self, spikes, to, duration):
        delay = self.config["neuron"]["delay_ms"]
        arrivals = sorted(self.pending[to] + [(time + delay, source) for time, source in spikes])
        self.pending[to] = [(time - duration, source) for time, source in arrivals if time >= duration]
        return [arrival for arrival in arrivals if arrival[0] < duration]

    def present(self, pixels, duration, label=None, rate=0.0):
        """The spikes of each population. With a label the readout learns after the transient."""
        readout = self.config["readout"]
        spikes = {"input": self.encode(pixels, duration), "hidden": [], "readout": []}
        population = self.hidden
        arrivals = self.delayed(spikes["input"], "hidden", duration)
        for time, sources in instants(arrivals):
            free = population.move_to(time)
            for source in sources:
                population.v[free] += self.bank[free, source]
            spikes["hidden"] += [(time, i) for i in population.spike(free, time)]

        population = self.readout
        target = np.zeros(len(self.weights))
        if label is not None:
            target[label] = readout["target_kHz"]
        keep = 1 - rate / readout["weight_bound_mV"] if readout["weight_bound_mV"] > 0 else 1.0
        trace_time = 0.0
        for time, sources in instants(self.delayed(spikes["hidden"], "readout", duration)):
            self.trace *= math.exp(-(time - trace_time) / readout["trace_tau_ms"])
            trace_time = time
            free = population.move_to(time)
            for source in sources:
                population.v[free] += self.weights[free, source]
                if label is not None and time >= self.config["protocol"]["transient_ms"]:
                    self.weights[:, source] = keep * self.weights[:, source] + rate * (target - self.trace)
            spiked = population.spike(free, time)
            self.trace[spiked] += 1 / readout["trace_tau_ms"]
            spikes["readout"] += [(time, i) for i in spiked]
        self.trace *= math.exp(-(duration - trace_time) / readout["trace_tau_ms"])
        for layer in (self.hidden, self.readout):
            layer.since -= duration
        return spikes

    def at_start(self, population):
        """Voltages at the start of the next presentation, and which neurons are free then."""
        free = population.move_to(0.0)
        return population.v, free


def instants(arrivals):
    """[(time, sources)], the sources of one time together."""
    groups = []
    for time, source in arrivals:
        if groups and groups[-1][0] == time:
            groups[-1][1].append(source)
        else:
            groups.append((time, [source]))
    return groups


def winner(spikes, classes, begin, end):
    counts = np.zeros(classes)
    for time, neuron in spikes:
        counts[neuron] += begin <= time < end
    return counts, int(np.argmax(counts))


class SpikingRun(ProgramTestCase):
    train_images, test_images = 40 + HELD_OUT, 15

    def compare_trial(self, file, k, spikes):
        for name, train in spikes.items():
            rows = slice(*file[f"trials/offsets_{name}"][k:k + 2])
            times = file[f"spikes/{name}/timestamps"][rows] - file["trials/start"][k]
            self.assertEqual(file[f"spikes/{name}/node_ids"][rows].tolist(), [neuron for _, neuron in train],
                             f"{name}, trial {k}")
            np.testing.assert_allclose(times, [time for time, _ in train], rtol=0, atol=1e-9)

    def replay(self, *changes):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all@both:0:end", *DOUBLE, *changes)
        file = h5py.File(self.work / "run.h5")
        self.addCleanup(file.close)
        config = tomllib.loads(file["provenance"].attrs["config"])
        protocol = config["protocol"]
        data = Data(file, config)
        phases = h5py.check_enum_dtype(file["trials/phase"].dtype)
        self.assertEqual(sorted(phases), ["test", "train", "validation"])
        order = file["training/order"][()]
        classes = int(file["network/class_count"][0])
        trials = file["trials"]
        k = 0

        network = SpikingNetwork(file, config, "initial/")
        duration = protocol["transient_ms"] + protocol["learning_ms"]
        for presentation, image in enumerate(order):
            label = int(data.labels["train"][image])
            spikes = network.present(data.images["train"][image], duration, label,
                                     learning_rate(config, presentation, len(order)))
            self.compare_trial(file, k, spikes)
            _, predicted = winner(spikes["readout"], classes, 0.0, protocol["transient_ms"])
            self.assertEqual((trials["phase"][k], trials["sample"][k], trials["label"][k], trials["predicted"][k]),
                             (phases["train"], image, label, predicted))
            self.assertEqual(trials["start"][k], presentation * duration)
            k += 1
        self.assertGreater(len(file["spikes/readout/timestamps"]), 200)
        np.testing.assert_allclose(network.weights, file["weights/readout/final"][()], rtol=0, atol=1e-9)
        moved = np.abs(network.weights - file["weights/readout/initial"][()]).max()
        self.assertGreater(moved, 0.1)
        self.compare_state(file, config, network)

        for part in ("validation", "test"):
            confusion = np.zeros((classes, classes), int)
            for image, label in enumerate(data.labels[part]):
                test = SpikingNetwork(file, config, "test/")
                test.weights = network.weights
                spikes = test.present(data.images[part][image], protocol["test_ms"])
                self.compare_trial(file, k, spikes)
                counts, predicted = winner(spikes["readout"], classes, protocol["test_ms"] - protocol["count_ms"],
                                           math.inf)
                self.assertEqual(trials["scores"][k].tolist(), counts.tolist())
                self.assertEqual((trials["phase"][k], trials["sample"][k], trials["label"][k],
                                  trials["predicted"][k]), (phases[part], image, label, predicted))
                confusion[label, predicted] += 1
                k += 1
            self.assertEqual(file[f"evaluation/{part}_confusion"][()].tolist(), confusion.tolist())
        self.assertEqual(k, len(trials["start"]))
        return file, config

    def compare_state(self, file, config, network):
        """The state at the end, as the file has it."""
        end = SpikingNetwork(file, config, "")
        np.testing.assert_allclose(end.input_free, network.input_free, rtol=0, atol=1e-9)
        np.testing.assert_allclose(np.where(end.input_free > 0, 0, end.input_v),
                                   np.where(end.input_free > 0, 0, network.input_v), rtol=0, atol=1e-9)
        np.testing.assert_allclose(end.trace, network.trace, rtol=0, atol=1e-12)
        for name in ("hidden", "readout"):
            ours, theirs = getattr(network, name), getattr(end, name)
            ours.move_to(0.0)
            theirs.move_to(0.0)
            np.testing.assert_allclose(ours.since, theirs.since, rtol=0, atol=1e-9)
            np.testing.assert_allclose(ours.v, theirs.v, rtol=0, atol=1e-9)
            self.assertEqual([source for _, source in network.pending[name]],
                             [source for _, source in end.pending[name]])
            np.testing.assert_allclose([time for time, _ in network.pending[name]],
                                       [time for time, _ in end.pending[name]], rtol=0, atol=1e-9)

    def test_is_made_again_spike_by_spike(self):
        file, _ = self.replay()
        self.assertEqual(sorted(file["training/order"][()].tolist()), list(range(40)))

    def test_with_long_delays_refractoriness_weight_decay_and_drawn_images(self):
        file, _ = self.replay(*EXTREMES)
        self.assertGreater(len(file["state/pending_hidden/time_ms"]), 0)
        self.assertGreater((file["state/hidden/free_from"][()] > 1).sum() + (file["state/input/refractory_left_ms"][()]
                                                                            > 0).sum(), 0)

    def test_without_carry_over_starts_each_presentation_anew(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all@train:0:end", *DOUBLE,
                     *settings("protocol.carry_over=false"))
        with h5py.File(self.work / "run.h5") as file:
            config = tomllib.loads(file["provenance"].attrs["config"])
            data = Data(file, config)
            image = file["training/order"][7]
            network = SpikingNetwork(file, config, "initial/")
            spikes = network.present(data.images["train"][image], 150.0)
            del spikes["readout"]  # which has learned meanwhile
            self.compare_trial(file, 7, spikes)

    def test_that_goes_on_from_another_holds_the_state_it_began_with(self):
        self.succeed("train", "spiking.toml", "-o", "first.h5", *DOUBLE, *EXTREMES)
        self.replay("--from", "first.h5", *EXTREMES, *settings("seed=6"))
        with h5py.File(self.work / "first.h5") as first, h5py.File(self.work / "run.h5") as run:
            self.assertEqual(first["state/hidden/normalised_v"][()].tolist(),
                             run["initial/state/hidden/normalised_v"][()].tolist())

    def test_resumed_holds_what_it_began_with(self):
        whole = ["train", "spiking.toml", "-o", "whole.h5", *DOUBLE]
        self.succeed(*whole)
        self.succeed("train", "spiking.toml", "-o", "run.h5", *DOUBLE, "--max-time", "1e-9")
        self.assertTrue((self.work / "run.h5.checkpoint").exists())
        self.succeed("train", "spiking.toml", "-o", "run.h5", *DOUBLE, "--resume")
        self.assert_same_run(self.work / "whole.h5", self.work / "run.h5")


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
            feedback = file["weights/feedback"][()] if "weights/feedback" in file else None
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
            purposes = {line.split(" ", 1)[1]: int(line.split(" ", 1)[0]) for line in text.split("Purposes:\n")[1].split("\n")}

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
