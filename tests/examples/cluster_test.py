"""A study by mpirun, and by the array of examples/cluster on a Slurm of one node, has the tables of one process.

The Slurm is a real one, with a munge of its own if none is running, and needs root. What is not installed is skipped.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "experiments" / "program"))

from harness import PROGRAM, ProgramTestCase, main, wait_until  # noqa: E402

STUDY = ("study", "rate.toml", "--vary", "training.learning_rate=1e-3,1e-2,3e-2", "--seeds", "1:2", "-q")

CONF = """ClusterName=one
SlurmctldHost={host}
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
SlurmdPort={next_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d.log
NodeName={host} CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing(*programs):
    found = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [name for name in programs if shutil.which(name, path=found) is None]


class Slurm:
    """One node, as long as it is needed."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"),
                    "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}

    def start(self):
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        with socket.socket() as free:
            free.bind(("", 0))
            port = min(free.getsockname()[1], 65000)
        (self.folder / "slurm.conf").write_text(CONF.format(
            host=socket.gethostname().split(".")[0], folder=self.folder, port=port, next_port=port + 1,
            cpus=os.cpu_count()))
        for name in ("/run/munge", "/var/log/munge"):
            os.makedirs(name, exist_ok=True)
            shutil.chown(name, "munge", "munge")
        if not os.path.exists("/etc/munge/munge.key"):
            subprocess.run(["/usr/sbin/mungekey", "-c"], check=True)
        shutil.chown("/etc/munge/munge.key", "munge", "munge")
        if subprocess.run(["pgrep", "-x", "munged"], capture_output=True).returncode != 0:
            subprocess.run(["su", "-s", "/bin/sh", "munge", "-c", "/usr/sbin/munged --force"], check=True)
        for daemon in ("slurmctld", "slurmd"):
            subprocess.run([daemon, "-f", self.env["SLURM_CONF"]], env=self.env, check=True)
        for _ in range(60):
            state = self.run("sinfo", "-h", "-o", "%T")
            if state.returncode == 0 and state.stdout.strip() == "idle":
                return True
            time.sleep(0.5)
        return False

    def run(self, *command, **others):
        return subprocess.run(command, env=self.env, capture_output=True, text=True, **others)

    def stop(self):
        for pid in ("d.pid", "ctld.pid"):
            if (self.folder / pid).exists():
                subprocess.run(["kill", (self.folder / pid).read_text().strip()])


class Cluster(ProgramTestCase):
    def tables(self, directory):
        """The accuracies of all runs, without times and the names of files."""
        lines = (self.work / directory / "rate-training.learning_rate-runs.csv").read_text().splitlines()
        return [line.split(",")[:6] for line in lines]

    def setUp(self):
        super().setUp()
        self.succeed(*STUDY, "-o", "one")
        self.expected = self.tables("one")
        self.assertEqual(len(self.expected), 7)

    @unittest.skipIf(missing("mpirun"), "mpirun is not installed")
    def test_ranks_of_mpirun_share_a_study(self):
        ranks = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", PROGRAM]
        done = subprocess.run([*ranks, *STUDY, "-o", "ranks", "--csv"], cwd=self.work, capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("row,column,"), 1, "one rank reports")
        self.assertEqual(self.tables("ranks"), self.expected)

    @unittest.skipIf(missing("sbatch", "slurmctld", "slurmd", "munged"), "slurm-wlm and munge are not installed")
    @unittest.skipIf(os.geteuid() != 0, "a Slurm of one's own needs root")
    def test_tasks_of_a_slurm_array_share_a_study(self):
        slurm = Slurm(Path(tempfile.mkdtemp(prefix="slurm-", dir=self.home)))
        self.addCleanup(slurm.stop)
        try:
            started = slurm.start()
        except (OSError, LookupError, subprocess.CalledProcessError) as error:  # a machine that lets no daemon start
            self.skipTest(f"Slurm does not start here: {error}")
        if not started:
            self.skipTest("Slurm does not start here: " + slurm.run("sinfo").stderr)
        slurm.env["SHALLOWS"] = PROGRAM
        job = slurm.run("sbatch", "--parsable", "--array=1-3", "--output=task_%a.txt",
                        str(ROOT / "examples" / "cluster" / "array.sh"), *STUDY[1:], "-o", "array", cwd=self.work)
        self.assertEqual(job.returncode, 0, job.stderr)
        wait_until(lambda: not slurm.run("squeue", "-h").stdout.strip(), "the end of the array", 90)
        said = {path.name: path.read_text() for path in self.work.glob("task_*.txt")}
        self.assertEqual(sorted(said), ["task_1.txt", "task_2.txt", "task_3.txt"])
        self.succeed(*STUDY, "-o", "array", "--gather")
        self.assertEqual(self.tables("array"), self.expected, said)


if __name__ == "__main__":
    main()
