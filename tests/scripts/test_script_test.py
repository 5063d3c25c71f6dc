"""scripts/test.sh and .ci/run against stand-ins for cmake, ctest and the other scripts: which steps, which outcome."""

import unittest

from fake_tools import FakeTree

# Fails where its command line ends in $FAILS, or where it does not run in the root of the tree.
STAND_IN = '[[ "${0##*/} $*" != *"$FAILS" ]] && [ -f scripts/test.sh ]'

SETUP = ["packages.sh ", "data.sh mnist", "cmake --preset release", "cmake --build --preset release"]
SANITIZERS = ["cmake --preset dev", "cmake --build --preset dev", "ctest --preset dev"]
RELEASE = ["ctest --preset release"]


class TestScript(unittest.TestCase):
    def setUp(self):
        self.tree = FakeTree()
        self.addCleanup(self.tree.folder.cleanup)
        self.tree.copy("scripts/test.sh")
        self.tree.copy(".ci/run")
        for path in (self.tree.root / "scripts/packages.sh", self.tree.root / "scripts/data.sh"):
            self.tree.tool(path, STAND_IN)
        self.tree.tool(self.tree.bin / "cmake", STAND_IN)
        self.tree.tool(self.tree.bin / "ctest", STAND_IN)
        self.tree.tool(self.tree.bin / "true")

    def run_script(self, *arguments, script="scripts/test.sh", fails="nothing at all"):
        result, calls = self.tree.run(script, *arguments, FAILS=fails)
        return result, [call for call in calls if not call.startswith(("true", "setarch"))]

    def test_runs_both_presets_and_closes_with_the_tests_of_the_release(self):
        for script in ("scripts/test.sh", ".ci/run"):
            result, calls = self.run_script(script=script)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(calls, SETUP + SANITIZERS + RELEASE)
            self.assertRegex(result.stdout.splitlines()[-1], r"^==> tests: done after \d+ s$")

    def test_says_how_long_each_step_took(self):
        result, calls = self.run_script()
        self.assertEqual(result.stdout.count(" done after "), len(calls))

    def test_leaves_the_sanitizers_out_when_it_is_to_be_quick(self):
        result, calls = self.run_script("--quick")
        self.assertEqual((result.returncode, calls), (0, SETUP + RELEASE))

    def test_adds_the_slow_tests_when_asked(self):
        result, calls = self.run_script("--slow", "--quick")
        self.assertEqual((result.returncode, calls), (0, SETUP + ["ctest --preset slow"] + RELEASE))

    def test_stops_at_once_when_there_is_nothing_to_test(self):
        for step, call in enumerate(SETUP):
            result, calls = self.run_script(fails=call)
            self.assertEqual(result.returncode, 1, call)
            self.assertEqual(calls, SETUP[: step + 1])
            self.assertIn("failed: ", result.stderr)

    def test_goes_on_after_failures_but_reports_them(self):
        result, calls = self.run_script(fails="cmake --build --preset dev")
        self.assertEqual((result.returncode, calls), (1, SETUP + SANITIZERS[:2] + RELEASE))
        self.assertIn("failed: build dev", result.stderr)
        result, calls = self.run_script("--slow", fails="ctest --preset dev")
        self.assertEqual((result.returncode, calls), (1, SETUP + SANITIZERS + ["ctest --preset slow"] + RELEASE))
        self.assertIn("failed: tests with sanitizers", result.stderr)
        result, _ = self.run_script("--slow", fails="ctest --preset slow")
        self.assertEqual(result.returncode, 1)
        result, _ = self.run_script(fails="ctest --preset release")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "test.sh: failed: tests\n")

    def test_fixes_the_addresses_for_the_sanitizers_where_it_can(self):
        self.tree.tool(self.tree.bin / "setarch", 'shift; "$@"')
        result, calls = self.tree.run("scripts/test.sh", FAILS="nothing at all")
        self.assertEqual(result.returncode, 0)
        self.assertIn("setarch -R ctest --preset dev", calls)
        self.assertNotIn("setarch -R ctest --preset release", calls)

    def test_refuses_unknown_options(self):
        result, calls = self.run_script("--quik")
        self.assertEqual((result.returncode, calls), (2, []))
        self.assertIn("Usage", result.stderr)
        self.assertEqual(self.run_script("--help")[0].returncode, 0)


if __name__ == "__main__":
    unittest.main()
