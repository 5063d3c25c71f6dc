"""Other people's projects use the libraries: installed, by find_package, and from the sources, by add_subdirectory.

usage: outside_test.py BUILD_FOLDER
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1]
BUILD = Path(sys.argv.pop(1)).resolve()


class Outside(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shallows-outside-")
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)

    def run_all(self, *words):
        done = subprocess.run(list(map(str, words)), cwd=self.work, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def configure(self, *definitions):
        return self.run_all("cmake", "-G", "Ninja", "-S", HERE / "project", "-B", "build", *definitions)

    def build(self, target):
        self.run_all("cmake", "--build", "build", "--target", target)

    def test_find_package_finds_what_was_installed(self):
        self.run_all("cmake", "--install", BUILD, "--prefix", self.work / "prefix")
        self.configure(f"-DCMAKE_PREFIX_PATH={self.work / 'prefix'}", "-DCMAKE_BUILD_TYPE=Release")
        # Nothing but what is installed may be needed.
        for file in (self.work / "prefix").rglob("*.cmake"):
            self.assertNotIn(str(SOURCES), file.read_text(), file)
        self.build("spikes")
        self.build("libraries")
        self.assertEqual(self.run_all("build/spikes"), "0 at 1.5 ms\n")
        lines = self.run_all("build/libraries").splitlines()
        self.assertEqual(lines[:2], ["7 fields", "peak at 20 mV"])
        self.assertIn("missing.h5", lines[2])

    def test_add_subdirectory_brings_the_libraries_and_nothing_else(self):
        said = self.configure(f"-DSHALLOWS_SOURCE={SOURCES}", "-DCMAKE_BUILD_TYPE=Release")
        self.assertIn("tests: 'OFF'", said)
        targets = self.run_all("cmake", "--build", "build", "--target", "help")
        for wanted in ("shallows_models:", "libshallows_output.a:"):
            self.assertIn(wanted, targets)
        for unwanted in ("shallows:", "models_test:", "install_shallows"):
            self.assertNotIn("\n" + unwanted, targets)
        self.build("spikes")
        self.assertEqual(self.run_all("build/spikes"), "0 at 1.5 ms\n")


if __name__ == "__main__":
    unittest.main()
