"""The programs of examples/ print what their first lines promise.

usage: examples_test.py FOLDER_OF_PROGRAMS
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

FOLDER = Path(sys.argv.pop(1))
SOURCES = Path(__file__).resolve().parents[2] / "examples"


def numbers(pattern, text):
    """The numbers in the groups of all matches."""
    return [tuple(map(float, match.groups())) for match in re.finditer(pattern, text)]


class Examples(unittest.TestCase):
    def output(self, name):
        done = subprocess.run([FOLDER / name], capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_each_has_a_test_here(self):
        tests = {name.removeprefix("test_") for name in dir(self)}
        self.assertEqual([path.stem for path in SOURCES.glob("*.cpp") if path.stem not in tests], [])

    def test_one_neuron(self):
        text = self.output("one_neuron")
        self.assertIn("spike at 21.972246 ms, closed form 21.972246 ms", text)  # 20 ln 3
        [(spikes, difference)] = numbers(r"(\d+) spikes, largest difference (\S+) ms", text)
        self.assertEqual(spikes, 4)
        self.assertLess(difference, 1e-9)

    def test_two_engines(self):
        text = self.output("two_engines")
        [(plain,), (fast,)] = numbers(r"engine +(\d+) spikes", text)
        self.assertEqual(plain, fast)
        self.assertGreater(plain, 1000)
        self.assertIn("the spikes are the same\n", text)

    def test_learning(self):
        text = self.output("learning")
        [(before,), (after,)] = numbers(r"(?:before|after): +(\S+) %", text)
        self.assertLess(before, 75)
        self.assertGreater(after, 90)
        for (count,) in numbers(r"(\d+) (?:input|hidden|readout)", text):
            self.assertGreater(count, 0)

    def test_own_neuron(self):
        found = numbers(r"drive (\S+): (\d+) spikes, period (\S+) ms, largest difference (\S+) ms",
                        self.output("own_neuron"))
        self.assertEqual([drive for drive, *_ in found], [0.25, 1, 4])
        for _, spikes, period, difference in found:
            self.assertEqual(spikes, 500 // period)
            self.assertLess(difference, 1e-8)

    def test_own_rule(self):
        [(grew, expected)] = numbers(r"grew by (\S+) mV, expected (\S+) mV", self.output("own_rule"))
        self.assertEqual(expected, 100)
        # 20000 spikes see a trace of mean 0.05 kHz and deviation about 0.035 kHz: 0.5 %, and the count's 0.7 %.
        self.assertLess(abs(grew - expected), 4)


if __name__ == "__main__":
    unittest.main()
