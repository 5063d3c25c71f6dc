"""shallows study, shared: whoever trains which run, and however often it is cut, the tables are the same."""

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

from harness import PROGRAM, Running, main, settings, wait_until
from study_test import VARY, StudyTestCase


class Sharing(StudyTestCase):
    def setUp(self):
        super().setUp()
        self.arguments = ("rate.toml", *VARY, *settings("training.epochs=10"), "-q")
        self.study(*self.arguments, "-o", "whole")
        self.expected = self.tables("whole")

    def assert_same_tables(self, directory):
        self.assertEqual(self.tables(directory), self.expected)
        self.assertEqual(self.runs(directory), self.runs("whole"))
        left = [name for name in self.names_in(f"{directory}/runs") if not name.endswith(".h5")]
        self.assertEqual(left, [])

    def test_by_processes_side_by_side(self):
        self.study(*self.arguments, "-o", "jobs", "--jobs", "2")
        self.assert_same_tables("jobs")

    def test_as_shares_that_are_gathered(self):
        for task in ("1/3", "3/3"):
            self.assertEqual(self.study(*self.arguments, "-o", "shares", "--task", task).stdout, "")
        rows = self.figures(*self.arguments, "-o", "shares", "--gather")["rows"]
        self.assertEqual(sum(row["missing"] for row in rows), 2)
        self.study(*self.arguments, "-o", "shares", "--task", "2/3")
        self.study(*self.arguments, "-o", "shares", "--gather")
        self.assert_same_tables("shares")

    def test_as_a_list_of_commands(self):
        lines = self.study(*self.arguments, "-o", "list", "--list").stdout.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertFalse((self.work / "list").exists())
        for line in lines:
            words = shlex.split(line)
            self.assertEqual(Path(words[0]).name, Path(PROGRAM).name)
            subprocess.run([PROGRAM, *words[1:]], cwd=self.work, check=True, capture_output=True)
        self.study(*self.arguments, "-o", "list", "--gather")
        self.assert_same_tables("list")

    def test_by_two_commands_at_once(self):
        arguments = [word for word in self.arguments if word != "-q"]
        both = [Running("study", *arguments, "-o", "both", "--csv", cwd=self.work) for _ in range(2)]
        outcomes = [program.finish() for program in both]
        self.assertEqual(outcomes[0].stdout, outcomes[1].stdout)
        done = re.findall(r"\[(\d)/6\]", outcomes[0].stderr + outcomes[1].stderr)
        self.assertEqual(sorted(done), list("123456"), "each run is trained by one of them")
        self.assert_same_tables("both")

    def test_of_ranks_of_mpirun_and_srun(self):
        for number, names in enumerate((("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"),
                                        ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"))):
            ranks = [Running("study", *self.arguments, "-o", f"ranks{number}", cwd=self.work,
                             env={**os.environ, names[0]: str(rank), names[1]: "2"}) for rank in range(2)]
            outputs = [rank.finish().stdout for rank in ranks]
            self.assertNotEqual(outputs[0], "")
            self.assertEqual(outputs[1], "", "the first rank reports")
            self.assert_same_tables(f"ranks{number}")

    def test_after_being_killed_again_and_again(self):
        longer = (*self.arguments, *settings("training.epochs=300"))
        self.study(*longer, "-o", "uncut")
        for pause in (0.15, 0.3, 0.45):
            program = Running("study", *longer, "-o", "killed", "--jobs", "2", cwd=self.work)
            time.sleep(pause)
            program.send(signal.SIGKILL)
            program.finish()
        self.study(*longer, "-o", "killed")
        self.assertEqual(self.tables("killed"), self.tables("uncut"))
        self.assertEqual(self.runs("killed"), self.runs("uncut"))

    def test_after_an_interruption(self):
        for jobs, number in ((1, signal.SIGINT), (2, signal.SIGTERM)):
            longer = (*self.arguments, *settings("training.epochs=20000"), "-o", f"cut{jobs}", "--jobs", jobs)
            program = Running("study", *longer, cwd=self.work)
            wait_until(lambda: len(list((self.work / f"cut{jobs}").glob("runs/*.checkpoint"))) == jobs
                       or program.process.poll() is not None, "a checkpoint of each")
            program.send(number)
            outcome = program.finish()  # of all its processes: they share its output
            self.assertEqual(outcome.code, 128 + number, outcome.stderr)
            self.assertEqual(outcome.stdout, "")
            self.assertIn("the same command goes on", outcome.stderr)
            self.assertEqual(len(list((self.work / f"cut{jobs}").glob("runs/*.checkpoint"))), jobs)


    def test_after_an_interruption_of_a_bank(self):
        # So many neurons that the signal finds it at the bank.
        program = Running("study", "rate.toml", *settings("hidden.kind=sparse", "hidden.features=5", "hidden.size=2000"),
                          "-o", "cut", cwd=self.work)
        program.ready_for_signals()
        time.sleep(0.2)
        program.send(signal.SIGINT)
        outcome = program.finish()
        self.assertEqual(outcome.code, 130, outcome.stderr)
        self.assertEqual(self.names_in("cut/runs"), [])
        self.assertIn("the same command goes on", outcome.stderr)
        self.assertNotIn("nothing was written", outcome.stderr)


if __name__ == "__main__":
    main()
