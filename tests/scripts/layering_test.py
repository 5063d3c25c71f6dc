"""Every check of scripts/layering.py must report a tree that violates it, and leave a good tree alone."""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "layering.py"
sys.path.insert(0, str(SCRIPT.parent))
import layering  # noqa: E402


class Layering(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("sim/a.hpp", "#pragma once\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def findings(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = layering.main([str(self.root)])
        lines = output.getvalue().splitlines()
        self.assertEqual(code, 1 if lines else 0)
        return lines

    def assert_found(self, name, text, *expected):
        """`text` in file `name` gives one finding for each expected "line: part of the message"."""
        self.write(name, text)
        found = self.findings()
        (self.root / name).unlink()
        self.assertEqual(len(found), len(expected), found)
        for line, part in zip(found, expected):
            number, message = part.split(": ", 1)
            self.assertTrue(line.startswith(f"{name}:{number}: "), line)
            self.assertIn(message, line)

    def assert_clean(self, name, text):
        self.assert_found(name, text)

    def test_reports_every_forbidden_pair_of_folders_and_no_other(self):
        allowed = {
            "sim": "sim",
            "encoders": "sim encoders",
            "plasticity": "sim plasticity",
            "models": "sim encoders plasticity models",
            "output": "sim output",
            "experiments": "sim encoders plasticity models output experiments",
            "tests": "sim encoders plasticity models output experiments tests",
        }
        for folder, may in allowed.items():
            for target in allowed:
                text = f'#include "{target}/x.hpp"\n'
                if target in may.split():
                    self.assert_clean(f"{folder}/y.cpp", text)
                else:
                    self.assert_found(f"{folder}/y.cpp", text, f"1: {folder} must not include {target}")

    def test_reports_forbidden_pairs_of_parts_of_a_folder(self):
        self.assert_found("sim/core/y.cpp", '#include "sim/layer/x.hpp"\n', "1: sim/core must not include sim/layer")
        self.assert_found("experiments/run/stored/y.cpp", '#include "experiments/program/x.hpp"\n',
                          "1: experiments/run must not include experiments/program")
        self.assert_found("experiments/run/network/y.cpp", '#include "experiments/run/training/x.hpp"\n',
                          "1: experiments/run/network must not include experiments/run/training")
        self.assert_found("models/y.cpp", '#include "models/rate/x.hpp"\n', "1: models/y.cpp must not include")
        self.assert_clean("sim/layer/y.cpp", '#include "sim/core/x.hpp"\n#include "sim/layer/z.hpp"\n')
        self.assert_clean("experiments/run/training/y.cpp", '#include "experiments/run/network/x.hpp"\n')
        self.assert_clean("models/rate/y.cpp", '#include "models/response.hpp"\n#include "models/banks/x.hpp"\n')

    def test_reports_includes_in_other_spellings(self):
        self.assert_found("sim/deep/y.cpp", "#  include <models/x.hpp>\n", "1: sim must not include models")
        self.assert_found("sim/y.cpp", '\n#include "a.hpp"\n', "2: from the root")
        self.assert_found("sim/y.cpp", '#include "../models/x.hpp"\n', "1: from the root")
        self.assert_clean("sim/y.cpp", '// #include "models/x.hpp"\n/*\n#include "models/x.hpp"\n*/\n')
        self.assert_clean("sim/y.cpp", "#include <vector>\n#include <boost/math/tools/roots.hpp>\n")

    def test_reports_using_namespace_std(self):
        self.assert_found("tests/y.cpp", "\nusing  namespace std;\n", "2: using namespace std")
        self.assert_clean("tests/y.cpp", "using namespace std::chrono_literals;  // using namespace std;\n")

    def test_reports_a_header_without_pragma_once(self):
        self.assert_found("tests/y.hpp", "int f();\n", "1: #pragma once")
        self.assert_found("sim/y-inl.hpp", "int f();\n", "1: #pragma once")
        self.assert_clean("sim/y-inl.hpp", "#if defined(Y_INL) == defined(HWY_TARGET_TOGGLE)\n#endif\n")

    def test_reports_files_that_are_too_long(self):
        for name in ("sim/y.cpp", "tests/CMakeLists.txt", "scripts/y.sh", "tests/y.py"):
            self.assert_found(name, "\n" * 401, "401: more than 400 lines")
            self.assert_clean(name, "\n" * 400)
        self.assert_clean("README.md", "\n" * 401)

    def test_reports_printing_outside_the_program(self):
        for line in (
            "#include <iostream>",
            "std::cout << 1;",
            "std::cerr << 1;",
            'printf("x");',
            'std::fprintf(stderr, "x");',
            'fmt::print("x");',
            'puts("x");',
        ):
            for folder in ("sim", "encoders", "plasticity", "models", "output"):
                self.assert_found(f"{folder}/y.cpp", line + "\n", "1: only experiments/ prints")
            self.assert_clean("experiments/y.cpp", line + "\n")
        self.assert_clean("sim/y.cpp", 'f("std::cout");  // printf(x)\nsnprintf(b, n, "x");\n')

    def test_reports_ending_the_program_outside_the_program(self):
        for line in ("exit(1);", "std::exit(1);", "::_exit(1);", "std::abort();", "quick_exit(0);"):
            self.assert_found("models/y.cpp", line + "\n", "1: throw Error")
            self.assert_clean("experiments/y.cpp", line + "\n")
        self.assert_clean("models/y.cpp", "loop.exit();\non_exit(f);\n")

    def test_reports_files_opened_in_the_wrong_place(self):
        for line in ("#include <fstream>", "std::ofstream f;", "fopen(p, q);", "std::filesystem::remove(p);"):
            for folder in ("sim", "encoders", "plasticity", "models"):
                self.assert_found(f"{folder}/y.cpp", line + "\n", "1: touch files")
            self.assert_clean("output/y.cpp", line + "\n")
            self.assert_clean("experiments/y.cpp", line + "\n")

    def test_reports_relaxed_floating_point_rules(self):
        for name in ("CMakeLists.txt", "cmake/x.cmake", "CMakePresets.json"):
            self.assert_found(name, 'x "-ffast-math"\n', "1: floating-point")
        self.assert_found("CMakeLists.txt", "\nadd(-Ofast)\n", "2: floating-point")
        self.assert_clean("CMakeLists.txt", "# never -ffast-math\n")

    def test_reports_registry_hosts(self):
        for host in ("registry." + "npmjs.org", "py" + "pi.org", "files.python" + "hosted.org"):
            self.assert_found("README.md", f"\nfrom https://{host}/x\n", "2: package registry")

    def test_reports_machine_paths(self):
        for folder in ("home", "work", "tmp"):
            self.assert_found("scripts/y.sh", f"cd /{folder}/x\n", "1: absolute path")
        self.assert_clean("scripts/y.sh", "cd ${X}/work/x $X/tmp/y https://a.org/home/x a/tmp/b ${TMPDIR:-/tmp}\n")

    def test_finds_its_place_in_code_with_literals(self):
        text = 'auto s = R"x(\n"// not a comment\n)x";\nauto n = 1\'000; std::cout << \'"\';\n'
        self.assert_found("sim/y.cpp", text, "4: only experiments/ prints")

    def test_leaves_out_what_git_ignores(self):
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        self.write(".gitignore", "/private/\n")
        self.assert_clean("private/y.sh", "cd /" + "tmp/x\n")
        self.assert_found("public/y.sh", "cd /" + "tmp/x\n", "1: absolute path")

    def test_leaves_out_build_outputs_without_git(self):
        self.assert_clean("build/release/y.cpp", "using namespace std;\n")

    def test_tells_its_verdict_by_its_exit_code(self):
        def code(*arguments):
            command = [sys.executable, "-B", str(SCRIPT), *arguments]
            return subprocess.run(command, capture_output=True, check=False).returncode

        self.assertEqual(code(str(self.root)), 0)
        self.write("sim/b.hpp", "")
        self.assertEqual(code(str(self.root)), 1)
        with tempfile.TemporaryDirectory() as empty:
            self.assertEqual(code(empty), 2)
        self.assertEqual(code("--help"), 0)
        self.assertEqual(code("a", "b"), 2)


if __name__ == "__main__":
    unittest.main()
