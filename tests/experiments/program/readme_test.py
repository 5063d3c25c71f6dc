"""Every command and every Python block of the README works.

Commands of the program run in order in a copy of the layout, with less training; scripts are asked for their help.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import PROGRAM, main

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
MNIST = Path(os.environ.get("SHALLOWS_DATA") or ROOT / "data") / "mnist"
LESS_TRAINING = ["--set", "training.epochs=0.01", "--set", "test.images=200"]
# Commands that can't be tried here: they fetch or build.
ALLOWED = ("git clone ", "cmake --preset ", "cmake --build ", "ctest --preset ", "cd ", "sudo apt-get install ")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands():
    joined = "".join(blocks("sh")).replace("\\\n", " ")
    words = [shlex.split(line, comments=True) for line in joined.splitlines()]
    return [command for command in words if command]


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.copy = Path(tempfile.mkdtemp(prefix="shallows-readme-"))
        cls.addClassCleanup(shutil.rmtree, cls.copy, ignore_errors=True)
        (cls.copy / "build/release").mkdir(parents=True)
        (cls.copy / "build/release/shallows").symlink_to(PROGRAM)
        (cls.copy / "experiments").symlink_to(ROOT / "experiments")
        (cls.copy / "scripts").symlink_to(ROOT / "scripts")

    def run_in_copy(self, command):
        environment = {**os.environ, "SHALLOWS_DATA": str(MNIST.parent)}
        done = subprocess.run(command, cwd=self.copy, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{shlex.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_commands_are_there_to_be_tested(self):
        first_words = [command[0] for command in commands()]
        for word in ("scripts/demo.sh", "scripts/test.sh", "build/release/shallows"):
            self.assertIn(word, first_words)
        self.assertEqual(len(blocks("python")), 1)

    def test_every_command_is_one_of_ours_or_allowed(self):
        for command in commands():
            if command[0] != "build/release/shallows" and not re.fullmatch(r"scripts/\w+\.sh", command[0]):
                self.assertTrue(shlex.join(command).startswith(ALLOWED), f"what is '{shlex.join(command)}'?")

    def test_scripts_are_executable_and_have_help(self):
        for script in sorted({command[0] for command in commands() if command[0].startswith("scripts/")}):
            with self.subTest(script=script):
                self.assertTrue(os.access(ROOT / script, os.X_OK))
                self.assertIn(Path(script).name, self.run_in_copy([script, "--help"]))

    def test_has_no_placeholder_left(self):
        self.assertEqual(re.findall(r"@[A-Z_]+@", README), [])

    def test_mentions_no_file_that_is_not_there(self):
        for path in set(re.findall(r"experiments/configs/[\w-]+\.toml", README)) - {"experiments/configs/NAME.toml"}:
            self.assertTrue((ROOT / path).is_file(), path)

    def test_commands_and_python_work_one_after_the_other(self):
        if not (MNIST / "train-images-idx3-ubyte").exists() and not (MNIST / "train-images-idx3-ubyte.gz").exists():
            self.skipTest(f"MNIST is not in {MNIST}; scripts/data.sh mnist fetches it")
        for command in commands():
            if command[0] == "build/release/shallows":
                less = LESS_TRAINING if command[1] == "train" else []
                self.run_in_copy([*command, *less])
        for block in blocks("python"):
            checks = "\nassert len(times) == len(neurons) > 0 and 0 <= times.min() and times.max() <= 200, times\n"
            self.run_in_copy([sys.executable, "-c", block + checks])


if __name__ == "__main__":
    main()
