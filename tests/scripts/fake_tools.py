"""A tree with copies of our scripts and stand-ins for the tools that they call."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
REAL_TOOLS = ("bash", "env", "cat", "grep", "dirname", "readlink")


class FakeTree:
    """Scripts run in it see only the tools made with tool(), which log their calls, and a few real ones."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "a tree"
        self.bin = Path(self.folder.name) / "bin"
        self.log = Path(self.folder.name) / "log"
        self.root.mkdir()
        self.bin.mkdir()
        for name in REAL_TOOLS:
            (self.bin / name).symlink_to(shutil.which(name))

    def copy(self, name):
        (self.root / name).parent.mkdir(exist_ok=True)
        shutil.copy(SOURCE / name, self.root / name)

    def tool(self, path, body=""):
        """Writes an executable bash script that logs its name and arguments and then does `body`."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!{self.bin}/bash\necho "{path.name} $*" >> "{self.log}"\n{body}\n')
        path.chmod(0o755)

    def run(self, script, *arguments, **environment):
        """Runs a script of the tree from elsewhere, with nothing to read; returns its outcome and the calls."""
        self.log.write_text("")
        result = subprocess.run(
            [str(self.root / script), *arguments],
            cwd=os.sep,
            env={"PATH": str(self.bin), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return result, self.log.read_text().splitlines()
