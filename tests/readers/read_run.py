"""Reads with h5py what write_sample_run.cpp wrote and checks it as the SONATA readers see it.

Needs h5py (Debian package python3-h5py).
"""

import sys

try:
    import h5py
    import numpy as np
except ImportError as error:
    print(f"{error}; install python3-h5py")
    sys.exit(1)

# As in the README, word for word: the readout's spikes of one trial.
README_SNIPPET = """
import h5py
f = h5py.File("sample.h5")
k = 4
rows = slice(*f["trials/offsets_readout"][k:k + 2])
times = f["spikes/readout/timestamps"][rows] - f["trials/start"][k]  # ms
neurons = f["spikes/readout/node_ids"][rows]
"""

POPULATIONS = {"input": 784, "hidden": 100, "readout": 10}


def expected_spikes(trial, size):
    return sorted((0.5 * i, (7 * trial + i) % size) for i in range(trial + 1))


def check_sonata(file):
    assert file.attrs["magic"] == 0x0A7A and file.attrs["magic"].dtype == np.uint32
    assert list(file.attrs["version"]) == [0, 1] and file.attrs["version"].dtype == np.uint32
    assert set(file["spikes"]) == set(POPULATIONS), "nothing but populations under /spikes"
    for name, size in POPULATIONS.items():
        group = file["spikes"][name]
        sorting = group.attrs.get_id("sorting")
        names = h5py.check_enum_dtype(sorting.dtype)
        assert names == {"none": 0, "by_id": 1, "by_time": 2}, names
        assert group.attrs["sorting"] == names["by_time"]
        assert sorting.dtype == np.uint8
        assert group.attrs["size"] == size and group.attrs["size"].dtype == np.uint64
        assert (group.attrs["t_start"], group.attrs["t_stop"]) == (0.0, 4000.0)
        times, ids = group["timestamps"], group["node_ids"]
        assert times.dtype == np.float64 and ids.dtype == np.uint64
        assert times.shape == ids.shape
        units = times.attrs.get_id("units")
        string = h5py.check_string_dtype(units.dtype)
        assert string.encoding == "utf-8" and string.length is None and units.shape == ()
        assert times.attrs["units"] == "ms"
        assert np.all(np.diff(times[:]) >= 0)
        ties = np.diff(times[:]) == 0
        assert np.all(np.diff(ids[:].astype(np.int64))[ties] >= 0)
    assert file["spikes/hidden/timestamps"].shape == (0,)


def check_trials(file):
    trials = file["trials"]
    assert h5py.check_enum_dtype(trials["phase"].dtype) == {"train": 0, "test": 1, "validation": 2}
    assert list(trials["phase"]) == [1] * 15 + [2] * 5
    for name, dtype in {"start": "f8", "stop": "f8", "sample": "u4", "label": "u1", "predicted": "u1"}.items():
        assert trials[name].dtype == np.dtype(dtype) and trials[name].shape == (20,), name
    assert list(trials["sample"]) == list(range(1000, 1020))
    assert list(trials["label"]) == [k % 10 for k in range(20)]
    assert list(trials["predicted"]) == [k % 9 for k in range(20)]
    assert trials["scores"].dtype == np.float32 and trials["scores"].shape == (20, 10)
    assert trials["scores"][13, 3] == 13.0
    for name, size in POPULATIONS.items():
        offsets = trials[f"offsets_{name}"]
        assert offsets.dtype == np.uint64 and offsets.shape == (21,)
        for k in range(20):
            rows = slice(*offsets[k:k + 2])
            times = file["spikes"][name]["timestamps"][rows] - trials["start"][k]
            found = list(zip(times, file["spikes"][name]["node_ids"][rows]))
            recorded = name == "input" or (name == "readout" and k % 2 == 0)
            assert found == (expected_spikes(k, size) if recorded else []), (name, k)
        assert list(trials[f"recorded_{name}"]) == [int(name != "readout" or k % 2 == 0) for k in range(20)]


def check_the_rest(file):
    assert file.attrs["format"] == "shallows-run" and file.attrs["kind"] == "run"
    weights = file["weights/readout/final"]
    assert weights.dtype == np.float32 and weights.shape == (10, 100)
    assert np.array_equal(weights[:], 0.25 * np.arange(1000, dtype=np.float32).reshape(10, 100))
    assert list(file["metrics/images"]) == [1000 * i for i in range(6)]
    assert file["metrics/images"].dtype == np.uint64
    assert list(file["metrics/training_accuracy"]) == [90 + 0.5 * i for i in range(6)]
    assert file["provenance"].attrs["config"] == 'name = "µ-sample"\n'
    assert file["provenance"].attrs["seed"] == 42
    assert file["summary"].attrs["test_accuracy"] == 98.25
    assert file["summary"].attrs["finished"] == True  # noqa: E712, numpy's bool


def check_readme_snippet(path):
    values = {}
    exec(README_SNIPPET.replace("sample.h5", path), values)
    assert list(zip(values["times"], values["neurons"])) == expected_spikes(4, 10)


def main():
    path = sys.argv[1]
    with h5py.File(path, "r") as file:
        check_sonata(file)
        check_trials(file)
        check_the_rest(file)
    check_readme_snippet(path)
    print(f"h5py {h5py.__version__} reads {path} as documented")


main()
