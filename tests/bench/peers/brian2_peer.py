#!/usr/bin/python3
"""Runs one trained network on the same test images in Brian2 and in Shallows and compares time and spikes.

Brian2 runs as a compiled C++ program (standalone mode, float32, one thread) on a time grid; Shallows is exact and has
none. Weights, thresholds and the state to start from come from a run file of `shallows train`, the images from its
data set. State carries over from one image to the next in both (protocol.test_carry_over), from where training
stopped; only the few spikes then in flight are left out of Brian2. Both count spikes and store none.
Brian2's own order of a step is kept: arrivals first, then the resets, so arrivals at a neuron in the step of its
spike are lost.

Needs MNIST (scripts/data.sh), and on Debian: apt-get install python3-brian python3-h5py g++ make
Exit codes: 0 done, 1 failed, 77 something that it needs is missing.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import warnings
from pathlib import Path

from peer import PROGRAM, ROOT, data_directory, read_idx, skip

POPULATIONS = ("input", "hidden", "readout")


warnings.simplefilter("ignore", FutureWarning)  # of an old pythran that Brian2 imports
try:
    import brian2
    import h5py
    import numpy as np
except ImportError as error:
    MISSING = str(error)
else:
    MISSING = None


def run_program(program, *arguments):
    """Runs `shallows`; its stdout."""
    outcome = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=False)
    if outcome.returncode != 0:
        sys.exit(f"'{program} {arguments[0]}' failed with exit code {outcome.returncode}")
    return outcome.stdout


def train_default(program, path):
    """The paper's network with the released Gabor filters, after 600 images."""
    settings = ("input.gain_mV=500", "hidden.bias_mV=20", "hidden.scale=40", "hidden.gabor_ranges=broad",
                "training.epochs=0.01", "test.images=1")
    run_program(program, "train", ROOT / "experiments/configs/lif-l-rg.toml", "-o", path, "-q", "--record", "none",
                *(word for setting in settings for word in ("--set", setting)))


def read_drives(config, images):
    """The drives of the input neurons by the first test images, in mV: [image][pixel]."""
    dataset = config["dataset"]
    if dataset["images"] or dataset["test_images"]:
        sys.exit("the run used its own IDX files (dataset.images); take one with the standard files")
    directory = Path(dataset["directory"])
    if not dataset["directory"]:
        directory = data_directory(dataset["name"])
    test = read_idx(directory, "t10k-images-idx3-ubyte")
    train = read_idx(directory, "train-images-idx3-ubyte")
    of_mean = test if dataset["mean"] == "own-mean-test" else train[:len(train) - dataset["validation"]]
    mean = of_mean.mean(axis=0, dtype=np.float64) / 255
    return config["input"]["gain_mV"] * (test[:images] / 255 - mean) + config["input"]["bias_mV"]


def read_network(path, program):
    """Effective configuration of the run, and its arrays with plain names."""
    with h5py.File(path, "r") as file:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as stored:
            stored.write(file["provenance"].attrs["config"])
            stored.flush()
            config = tomllib.loads(run_program(program, "config", stored.name))
        if config["model"] != "spiking" or config["neuron"]["refractory_ms"] != 0:
            sys.exit(f"'{path}' holds no spiking network without refractoriness; train one")
        arrays = {f"theta_{p}": file[f"thresholds/{p}_mV"][:] for p in POPULATIONS}
        # Sorted by source, the order in which Brian2 walks them fastest.
        filters = file["receptive_fields/filters"][:]
        height, width = file["network/image_shape"][:2]
        target, channel, row, column = np.indices(filters.shape)
        row += file["receptive_fields/row"][:][:, None, None, None]
        column += file["receptive_fields/column"][:][:, None, None, None]
        source = (channel * height + row) * width + column
        order = np.lexsort((target.ravel(), source.ravel()))
        arrays["to_hidden"] = (source.ravel()[order], target.ravel()[order], filters.ravel()[order])
        weights = file["weights/readout/final"][:]
        source, target = np.indices(weights.T.shape)
        arrays["to_readout"] = (source.ravel(), target.ravel(), weights.T.ravel())
        state = file["state"]
        bias = {p: config[p]["bias_mV"] for p in ("hidden", "readout")}
        arrays["v_input"] = state["input/v_mV"][:]
        if "normalised_v" in state["hidden"]:
            gap = arrays["theta_hidden"] - bias["hidden"]
            arrays["v_hidden"] = bias["hidden"] + state["hidden/normalised_v"][:] * gap
            arrays["v_readout"] = bias["readout"] + state["readout/u_mV"][:]
        else:
            arrays["v_hidden"], arrays["v_readout"] = (state[f"{p}/v_mV"][:] for p in ("hidden", "readout"))
    return config, arrays


def run_ours(program, path, images):
    """What `shallows test` prints, as an object."""
    settings = ("protocol.test_carry_over=true", f"test.images={images}")
    return json.loads(run_program(program, "test", path, "--threads", 1, "--json", "-q", "--record", "none",
                                  *(word for setting in settings for word in ("--set", setting))))


def build_brian2(config, arrays, drives, grid_ms, folder):
    """Compiles the network into `folder` and runs it once, for the spikes."""
    brian2.device.reinit()
    brian2.device.activate(build_on_run=False)
    brian2.prefs.core.default_float_dtype = np.float32
    brian2.defaultclock.dt = grid_ms * brian2.ms
    neuron = config["neuron"]
    groups = {}
    for p in POPULATIONS:
        groups[p] = brian2.NeuronGroup(
            len(arrays[f"theta_{p}"]), "dv/dt = (I - v) / tau : 1\nI : 1 (constant)\ntheta : 1 (constant)",
            threshold="v >= theta", reset="v = v_reset", method="exact", name=f"{p}_neurons",
            namespace={"tau": neuron["tau_ms"] * brian2.ms, "v_reset": neuron["reset_mV"]})
        groups[p].v = arrays[f"v_{p}"]
        groups[p].theta = arrays[f"theta_{p}"]
        if p != "input":
            groups[p].I = config[p]["bias_mV"]
    synapses = []
    for source, target in (("input", "hidden"), ("hidden", "readout")):
        pre, post, weights = arrays[f"to_{target}"]
        synapses.append(brian2.Synapses(groups[source], groups[target], "w : 1 (constant)", on_pre="v_post += w",
                                        delay=neuron["delay_ms"] * brian2.ms, name=f"to_{target}"))
        synapses[-1].connect(i=pre, j=post)
        synapses[-1].w = weights
    monitors = {p: brian2.SpikeMonitor(groups[p], record=False, name=f"{p}_count") for p in POPULATIONS}
    # One run in which the drives change between images: a run for each would be compiled for each.
    shown_ms = config["protocol"]["test_ms"] * brian2.ms
    groups["input"].namespace["drive"] = brian2.TimedArray(drives, dt=shown_ms, name="drive")
    groups["input"].run_regularly("I = drive(t, i)", dt=shown_ms, when="start")
    network = brian2.Network(*groups.values(), *synapses, *monitors.values())
    network.run(len(drives) * shown_ms)
    brian2.device.insert_code("main", r'printf("seconds %.9f\n", Network::_last_run_time);')
    start = time.perf_counter()
    brian2.device.build(directory=str(folder), compile=True, run=False, with_output=False)
    compile_seconds = time.perf_counter() - start
    brian2.device.run(str(folder), with_output=False, run_args=[])
    return {"grid_ms": grid_ms, "compile_seconds": compile_seconds,
            "spikes": {p: int(np.sum(monitors[p].count[:])) for p in POPULATIONS}}


def time_brian2(folder, images):
    """Another run of what build_brian2 compiled: ms per presentation, without setting up."""
    output = subprocess.run([folder / "main"], cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
    (seconds,) = [float(line.split()[1]) for line in output.splitlines() if line.startswith("seconds ")]
    return 1e3 * seconds / images


def processor():
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"


def compare(options, folder):
    program = str(Path(options.program).resolve())
    path = options.run
    if path is None:
        path = str(folder / "run.h5")
        train_default(program, path)
    config, arrays = read_network(path, program)
    drives = read_drives(config, options.images)
    images = len(drives)
    folders = [folder / f"brian2_{grid_ms}" for grid_ms in options.grid]
    peers = [build_brian2(config, arrays, drives, *built) for built in zip(options.grid, folders)]
    # In turns, so that a machine that slows down slows all of them.
    rounds = [(run_ours(program, path, images), *(time_brian2(built, images) for built in folders))
              for _ in range(options.repeats)]
    figures = rounds[0][0]
    ours = {"ms_per_presentation": statistics.median(times[0]["test_ms_per_image"] for times in rounds),
            "spikes": {p: round(figures["test_spikes_per_image"][p] * images) for p in POPULATIONS},
            "engine": figures["engine"], "version": figures["version"]}
    for index, peer in enumerate(peers, start=1):
        peer["ms_per_presentation"] = statistics.median(times[index] for times in rounds)
        # Of the rounds' ratios, because the machine's speed changes from round to round.
        peer["ratio"] = statistics.median(times[index] / times[0]["test_ms_per_image"] for times in rounds)
        peer["lost_percent"] = {p: 100 * (1 - peer["spikes"][p] / ours["spikes"][p]) if ours["spikes"][p] else None
                                for p in POPULATIONS}
    return {"run": options.run, "hidden": len(arrays["theta_hidden"]), "patch": config["hidden"]["patch"],
            "synapses": len(arrays["to_hidden"][0]) + len(arrays["to_readout"][0]), "images": images,
            "presentation_ms": config["protocol"]["test_ms"], "machine": processor(),
            "brian2_version": brian2.__version__, "shallows": ours, "brian2": peers}


def render(result):
    lines = [result["machine"],
             f"LIF network, {result['hidden']} hidden neurons, patch {result['patch']}, {result['synapses']} synapses; "
             f"{result['images']} test images of {result['presentation_ms']:g} ms, one thread",
             f"{'':24}{'ms/image':>10}{'ratio':>8}" + "".join(f"{p:>20}" for p in POPULATIONS) + "  compiled in"]

    def row(name, figures, lost):
        counts = (f"{figures['spikes'][p]}" + (f" ({-lost[p]:+.2f} %)" if lost and lost[p] is not None else "")
                  for p in POPULATIONS)
        ratio = f"{figures['ratio']:8.1f}" if "ratio" in figures else f"{1:8}"
        return f"{name:24}{figures['ms_per_presentation']:10.3f}{ratio}" + "".join(f"{c:>20}" for c in counts)

    lines.append(row("Shallows, exact", result["shallows"], None))
    for peer in result["brian2"]:
        name = f"Brian2 {result['brian2_version']}, {peer['grid_ms']:g} ms"
        lines.append(row(name, peer, peer["lost_percent"]) + f"{peer['compile_seconds']:11.0f} s")
    return "\n".join(lines)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", metavar="RUN.h5",
                        help="run file of a spiking network (default: 5000 hidden neurons, patch 10, made here)")
    parser.add_argument("--program", default=PROGRAM, help="default: %(default)s")
    parser.add_argument("--images", type=int, default=10, help="first test images (default: %(default)s)")
    parser.add_argument("--grid", type=float, nargs="+", default=[0.1], metavar="MS",
                        help="Brian2's time steps; the delay is rounded to them (default: 0.1)")
    parser.add_argument("--repeats", type=int, default=5, help="the median counts (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    options = parser.parse_args()
    if options.images < 1 or options.repeats < 1 or min(options.grid) <= 0:
        parser.error("--images, --repeats and --grid must be above 0")
    return options


def main():
    options = parse_arguments()
    if MISSING:
        skip(f"{MISSING}; apt-get install python3-brian python3-h5py")
    for tool in ("g++", "make"):
        if shutil.which(tool) is None:
            skip(f"there is no {tool}, which Brian2's C++ mode needs; apt-get install {tool}")
    if not Path(options.program).exists():
        sys.exit(f"'{options.program}' is not built; build the preset release, or say --program")
    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.BrianLogger.log_level_error()
    with tempfile.TemporaryDirectory(prefix="shallows-peers-") as folder:
        result = compare(options, Path(folder))
    print(json.dumps(result, indent=2) if options.json else render(result))


if __name__ == "__main__":
    main()
