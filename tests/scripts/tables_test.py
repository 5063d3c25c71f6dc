"""scripts/tables.sh with a stand-in for the program."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "tables.sh"

# A table for the small scale of the first data set, and one without rows for the others.
PROGRAM = """#!/bin/bash
echo "$*" >> "$LOG"
printf '| model |\\n| --- |\\n'
[[ "$*" != *"mnist --scale quick"* || "$*" == *fashion* ]] || printf '| sp |\\n'
"""


class Tables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name)
        program = self.work / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        self.runs = self.work / "my runs"
        self.runs.mkdir()

    def tables(self, *arguments):
        environment = {**os.environ, "SHALLOWS": str(self.work / "program"), "LOG": str(self.work / "log")}
        return subprocess.run([SCRIPT, *arguments], cwd=self.work, env=environment, capture_output=True, text=True,
                              check=False)

    def test_are_those_of_the_data_sets_and_scales_with_finished_runs(self):
        for dataset in ("mnist", "fashion-mnist"):
            (self.runs / f"{dataset}-rate-sp-u480-s1.h5").touch()
        page = self.tables("my runs")
        self.assertEqual(page.returncode, 0, page.stderr)
        self.assertEqual([line for line in page.stdout.splitlines() if line.startswith("## ")], ["## mnist, quick"])
        self.assertTrue(page.stdout.endswith("## mnist, quick\n\n| model |\n| --- |\n| sp |\n"), page.stdout)
        calls = (self.work / "log").read_text().splitlines()
        self.assertEqual(len(calls), 4)  # two data sets, two scales
        for call in calls:
            self.assertIn("paper --trained --markdown", call)
            self.assertTrue(call.endswith(f"-o {self.runs}"), call)

    def test_without_runs_are_no_page(self):
        for directory in ("my runs", "missing"):
            page = self.tables(directory)
            self.assertEqual((page.returncode, page.stdout), (3, ""), directory)
            self.assertIn(directory, page.stderr)

    def test_say_how_they_are_made(self):
        self.assertEqual(self.tables("--no-such-option").returncode, 2)
        self.assertIn("tables.sh [DIRECTORY]", self.tables("--help").stdout)


if __name__ == "__main__":
    unittest.main()
