#!/usr/bin/python3
"""brian2_peer.py on a tiny network and one image: on a fine grid Brian2 must give nearly the exact spike counts.

usage: brian2_peer_test.py PROGRAM; exits with 77 where Brian2 or its compiler is missing.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXIT_SKIPPED = 77

try:
    sys.path.insert(0, str(HERE.parents[1] / "experiments/program"))
    from harness import SPIKING, write_dataset
except ImportError as error:  # of h5py
    print(f"skipped: {error}; apt-get install python3-h5py")
    sys.exit(EXIT_SKIPPED)


def run(*command):
    outcome = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        print(outcome.stdout + outcome.stderr)
        sys.exit(EXIT_SKIPPED if outcome.returncode == EXIT_SKIPPED else 1)
    return outcome.stdout


def check(result):
    ours, (peer,) = result["shallows"], result["brian2"]
    assert (result["hidden"], result["patch"], result["images"]) == (60, 4, 1), result
    assert ours["ms_per_presentation"] > 0 and peer["ms_per_presentation"] > 0
    assert abs(peer["ratio"] - peer["ms_per_presentation"] / ours["ms_per_presentation"]) < 1e-9
    for population, spikes in ours["spikes"].items():
        difference = abs(spikes - peer["spikes"][population])
        assert spikes > 0 and difference <= max(2, 0.02 * spikes), (population, spikes, peer["spikes"])


def main():
    with tempfile.TemporaryDirectory(prefix="shallows-peers-test-") as folder:
        folder = Path(folder)
        write_dataset(folder / "tiny")
        (folder / "tiny.toml").write_text(SPIKING.replace("DATA", str(folder / "tiny")))
        run(sys.argv[1], "train", folder / "tiny.toml", "-o", folder / "run.h5", "-q")
        output = run(sys.executable, HERE / "brian2_peer.py", folder / "run.h5", "--program", sys.argv[1],
                     "--images", 1, "--repeats", 1, "--grid", 0.01, "--json")
    check(json.loads(output))
    print(output)


main()
