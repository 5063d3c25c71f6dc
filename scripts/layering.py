#!/usr/bin/python3
"""Checks what the compiler can't: who includes whom, who may print and touch files, sizes, stray machine paths.

usage: layering.py [ROOT]        (default: the tree that this script lies in)

Prints one line "file:line: problem" per finding; exits 1 if there is any, 2 if ROOT holds nothing to check.
"""

import re
import subprocess
import sys
from pathlib import Path

MAY_INCLUDE = {
    "sim": {"sim"},
    "encoders": {"sim", "encoders"},
    "plasticity": {"sim", "plasticity"},
    "models": {"sim", "encoders", "plasticity", "models"},
    "output": {"sim", "output"},
    "experiments": {"sim", "encoders", "plasticity", "models", "output", "experiments"},
}
# Inside a folder: the parts that a part may include beside itself. What stands in the folder itself is open to all.
PARTS = {
    "sim": {"core": set(), "vector": {"core"}, "neurons": {"core"}, "layer": {"core", "vector", "neurons"},
            "ode": {"core", "neurons"}, "reference": {"core", "neurons", "ode"}},
    "models": {"banks": set(), "spiking": set(), "rate": {"banks"}, "memory": set(),
               "networks": {"banks", "spiking", "rate", "memory"}},
    "plasticity": {"spikes": set(), "rates": set()},
    "output": {"h5": set(), "file": {"h5"}, "record": {"h5", "file"}, "plot": {"h5", "file"},
               "view": {"h5", "file", "record", "plot"}},
    "experiments": {"config": set(), "data": {"config"}, "run": {"config", "data"},
                    "study": {"config", "data", "run"}, "bench": {"config", "data", "run"},
                    "program": {"config", "data", "run", "study", "bench"}},
    "experiments/run": {"stored": set(), "network": {"stored"}, "evaluation": {"stored", "network"},
                        "training": {"stored", "network", "evaluation"}},
}
MAX_LINES = 400
IGNORED_FOLDERS = {".git", "build", "data", "runs", "__pycache__"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
PRINTS = re.compile(
    r"#\s*include\s*<(iostream|print)>|\bstd::(cout|cerr|clog)\b|\bfmt::print"
    r"|\bv?f?printf\s*\(|\bf?put(s|c|char)\s*\(|\bperror\s*\("
)
EXITS = re.compile(r"(?<![.>\w])(_?exit|_Exit|quick_exit|abort)\s*\(")
OPENS_FILES = re.compile(
    r"#\s*include\s*<(fstream|filesystem)>|\bstd::[io]?fstream\b|\bstd::filesystem\b|\bf(re)?open\s*\("
    r"|\bH5F(open|create)\b"
)
USING_STD = re.compile(r"\busing\s+namespace\s+std\s*;")
UNSAFE_MATH = re.compile(r"-ffast-math|-Ofast|-funsafe-math|-ffinite-math|-fassociative-math")
REGISTRY = re.compile(
    r"registry\.npmjs|registry\.yarnpkg|\bpypi\.(org|python)|pythonhosted\.org|\bcrates\.io|proxy\.golang\.org"
    r"|rubygems\.org|anaconda\.org|repo\.maven|hub\.docker\.com|\bghcr\.io"
)
MACHINE_PATH = re.compile(r"(?<![\w.$}/*-])/(home|work|tmp)/\w")

COMMENT_OR_STRING = re.compile(
    r'R"(?P<raw>[^(\s]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/',
    re.DOTALL,
)


def files_of(root):
    """Tracked files and new ones that git does not ignore; without git, all but build outputs and data."""
    if (root / ".git").exists():
        git = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        result = subprocess.run(git, capture_output=True, check=False)
        if result.returncode == 0:
            names = sorted(set(filter(None, result.stdout.decode().split("\0"))))
            return [root / name for name in names if (root / name).is_file()]
    found = (p for p in root.rglob("*") if p.is_file())
    return sorted(p for p in found if not IGNORED_FOLDERS & set(p.relative_to(root).parts[:-1]))


def code_only(text):
    """C++ without comments and string literals, line by line. Includes keep their quotes."""

    def blank(match):
        start = text.rfind("\n", 0, match.start()) + 1
        if text[start : match.start()].lstrip().startswith("#") and match.group().startswith('"'):
            return match.group()
        return "\n" * match.group().count("\n") or " "

    return COMMENT_OR_STRING.sub(blank, text).split("\n")


def part_problem(name, path):
    """What is wrong with an include inside one folder, or inside one of its parts."""
    folder = ""
    for part, target in zip(name.parts, path.split("/")):
        parts = PARTS.get(folder, {})
        if part != target:
            forbidden = target in parts and target not in parts.get(part, set())
            return f"{folder}/{part} must not include {folder}/{target} ({path})" if forbidden else None
        folder = f"{folder}/{part}".lstrip("/")
    return None


def include_problem(name, line):
    match = INCLUDE.match(line)
    if not match:
        return None
    folder = name.parts[0]
    quote, path = match.groups()
    target = path.split("/")[0]
    if target in MAY_INCLUDE or target == "tests":
        if target not in MAY_INCLUDE[folder]:
            return f"{folder} must not include {target} ({path})"
        if target == folder and "/" in path:
            return part_problem(name, path)
    elif quote == '"':
        return f'write the include from the root of the tree, as "{folder}/..." ({path})'
    return None


def check_cpp(name, text):
    folder = name.parts[0]
    # A Highway "-inl" header is included once for each instruction set.
    once_per_target = name.name.endswith("-inl.hpp") and "HWY_TARGET_TOGGLE" in text
    if name.suffix in (".hpp", ".h") and not once_per_target and "#pragma once" not in text:
        yield 1, "header without #pragma once"
    for number, line in enumerate(code_only(text), 1):
        if USING_STD.search(line):
            yield number, "using namespace std"
        if folder not in MAY_INCLUDE:
            continue
        problem = include_problem(name, line)
        if problem:
            yield number, problem
        if folder != "experiments" and PRINTS.search(line):
            yield number, "only experiments/ prints"
        if folder != "experiments" and EXITS.search(line):
            yield number, "only experiments/ ends the program; throw Error instead"
        if folder not in ("experiments", "output") and OPENS_FILES.search(line):
            yield number, "only experiments/ and output/ touch files"


def check(root):
    """Yields (file, line, problem) for every finding in the tree."""
    for path in files_of(root):
        name = path.relative_to(root)
        content = path.read_bytes()
        if b"\0" in content:
            continue
        text = content.decode("utf-8", errors="replace")
        lines = text.split("\n")
        is_cpp = name.suffix in (".hpp", ".h", ".cpp")
        is_cmake = name.name == "CMakeLists.txt" or name.name == "CMakePresets.json" or name.suffix == ".cmake"
        findings = list(check_cpp(name, text)) if is_cpp else []
        if (is_cpp or is_cmake or name.suffix in (".py", ".sh")) and text.count("\n") > MAX_LINES:
            findings.append((MAX_LINES + 1, f"more than {MAX_LINES} lines; split the file"))
        for number, line in enumerate(lines, 1):
            if is_cmake and UNSAFE_MATH.search(line.split("#")[0]):
                findings.append((number, "floating-point rules must not be relaxed"))
            if REGISTRY.search(line):
                findings.append((number, "names a package registry's host; use its ordinary client"))
            if MACHINE_PATH.search(line):
                findings.append((number, "absolute path of one machine"))
        for number, problem in findings:
            yield name, number, problem


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if len(arguments) == 1 else 2
    root = Path(arguments[0] if arguments else Path(__file__).parent.parent).resolve()
    if not any((root / folder).is_dir() for folder in MAY_INCLUDE):
        print(f"layering.py: {root} holds none of the folders {', '.join(MAY_INCLUDE)}", file=sys.stderr)
        return 2
    findings = list(check(root))
    for name, number, problem in findings:
        print(f"{name}:{number}: {problem}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
