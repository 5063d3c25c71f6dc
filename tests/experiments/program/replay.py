"""Makes runs again from their run file and the IDX images alone, with numpy, sharing nothing with the program.

What it takes beyond the files is in docs/files.md, and nowhere else.
"""

import math
import struct
from pathlib import Path

import numpy as np


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


def hidden_tables(config):
    """The tables of the hidden layers, of which there may be one without being a list."""
    return config["hidden"] if isinstance(config["hidden"], list) else [config["hidden"]]


def projection_of(file, name, below):
    """[neuron, neuron below] of a hidden layer above the first one, and where its synapses are."""
    group = file[f"projections/{name}"]
    weights = group["weights"][()].astype(np.float64)
    if "source" not in group:
        return weights, np.ones(weights.shape, bool)
    matrix = np.zeros((len(group["row"]), below))
    synapses = np.zeros(matrix.shape, bool)
    first = group["first"][()]
    for i in range(len(matrix)):
        sources = group["source"][first[i]:first[i + 1]]
        matrix[i, sources] = weights[first[i]:first[i + 1]]
        synapses[i, sources] = True
    return matrix, synapses


def spiking_layers(file, config):
    """(name, weights [neuron, neuron below], drive) of each hidden layer."""
    tables = hidden_tables(config)
    bank, bias = matrix_of(file, "receptive_fields/filters"), tables[0]["bias_mV"]
    layers = [("hidden", bank, bias)]
    if "simple_cells" in file:
        cells = file["simple_cells"]
        fields = cells["field"][()]
        simple = np.zeros((len(fields), bank.shape[1]))
        filters = file["receptive_fields/filters"][()].astype(np.float64)
        rows, columns, channels = file["network/image_shape"][()]
        side = filters.shape[-1]
        for i, (field, row, column) in enumerate(zip(fields, cells["row"][()], cells["column"][()], strict=True)):
            image = np.zeros((channels, rows, columns))
            image[:, row:row + side, column:column + side] = filters[field]
            simple[i] = image.reshape(-1)
        neuron = config["neuron"]
        weight = 1.001 * (neuron["threshold_mV"] + neuron["threshold_spread_mV"] - neuron["reset_mV"])
        pooled = np.float64(np.float32(weight)) * (np.arange(len(bank))[:, None] == fields[None, :])
        layers = [("simple", simple, bias), ("hidden", pooled, neuron["reset_mV"])]
    for k, table in enumerate(tables[1:], start=2):
        matrix, _ = projection_of(file, f"hidden{k}", len(layers[-1][1]))
        layers.append((f"hidden{k}", matrix, table["bias_mV"]))
    return layers


def learning_rate(config, k, presentations):
    training = config["training"]
    return training["learning_rate"] * training["learning_rate_decay"] ** (-k / presentations)


# ms before the end of the refractory time from when on an arrival is heard.
RELEASE_TOLERANCE = 1e-9


class Population:
    """Neurons with one constant drive: v[i] is the voltage at since[i], from when on it may move."""

    def __init__(self, neuron, drive, thresholds, voltages, free):
        self.tau, self.reset, self.refractory = neuron["tau_ms"], neuron["reset_mV"], neuron["refractory_ms"]
        self.drive, self.thresholds = drive, thresholds
        self.v = np.where(free > 0, self.reset, voltages)
        self.since = np.maximum(free, 0.0)

    def move_to(self, time):
        """Which neurons can hear something at this time; their voltages are those at it."""
        free = self.since - RELEASE_TOLERANCE <= time
        self.v[free] = self.drive + (self.v[free] - self.drive) * np.exp(-np.maximum(time - self.since[free], 0.0) / self.tau)
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
        self.input_theta = file["thresholds/input_mV"][()]
        self.input_v = state["input/v_mV"][()]
        self.input_free = state["input/refractory_left_ms"][()]
        self.layers = {}
        self.synapses = {}
        for name, matrix, drive in spiking_layers(file, config):
            theta = file[f"thresholds/{name}_mV"][()]
            self.synapses[name] = matrix
            self.layers[name] = Population(neuron, drive, theta,
                                           drive + state[f"{name}/normalised_v"][()] * (theta - drive),
                                           self.free(state[name]))
        drive = config["readout"]["bias_mV"]
        self.layers["readout"] = Population(neuron, drive, file["thresholds/readout_mV"][()],
                                            drive + state["readout/u_mV"][()], self.free(state["readout"]))
        self.trace = state["readout/trace_kHz"][()].astype(np.float64)
        self.pending = {to: list(zip(state[f"pending_{to}/time_ms"][()].tolist(),
                                     state[f"pending_{to}/source"][()].tolist(), strict=True))
                        for to in self.layers}
        self.weights = file["weights/readout/initial"][()].astype(np.float64)

    def free(self, state):
        """Times from which the neurons are free."""
        if "refractory_left_ms" not in state:
            return np.zeros(len(next(iter(state.values()))))
        return state["refractory_left_ms"][()]

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
        last = self.encode(pixels, duration)
        spikes = {"input": last, **{name: [] for name in self.layers}}
        for name, matrix in self.synapses.items():
            population = self.layers[name]
            for time, sources in instants(self.delayed(last, name, duration)):
                free = population.move_to(time)
                for source in sources:
                    population.v[free] += matrix[free, source]
                spikes[name] += [(time, i) for i in population.spike(free, time)]
            last = spikes[name]

        population = self.layers["readout"]
        target = np.zeros(len(self.weights))
        if label is not None:
            target[label] = readout["target_kHz"]
        keep = 1 - rate / readout["weight_bound_mV"] if readout["weight_bound_mV"] > 0 else 1.0
        trace_time = 0.0
        for time, sources in instants(self.delayed(last, "readout", duration)):
            self.trace *= math.exp(-(time - trace_time) / readout["trace_tau_ms"])
            trace_time = time
            free = population.move_to(time)
            for source in sources:
                population.v[free] += self.weights[free, source]
                if label is not None and time >= self.config["protocol"]["transient_ms"]:
                    self.weights[:, source] = keep * (self.weights[:, source] + rate * (target - self.trace))
            spiked = population.spike(free, time)
            self.trace[spiked] += 1 / readout["trace_tau_ms"]
            spikes["readout"] += [(time, i) for i in spiked]
        self.trace *= math.exp(-(duration - trace_time) / readout["trace_tau_ms"])
        for layer in self.layers.values():
            layer.since -= duration
        return spikes


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
