"""scripts/packages.sh against stand-ins for dpkg-query, apt-get, sudo and id."""

import unittest

from fake_tools import FakeTree

DPKG_QUERY = """
package="${@: -1}"
[[ " $NOT_THERE " == *" $package "* ]] && { echo "no packages found" >&2; exit 1; }
[[ " $REMOVED " == *" $package "* ]] && { echo config-files; exit 0; }
echo installed
"""


class Packages(unittest.TestCase):
    def setUp(self):
        self.tree = FakeTree()
        self.addCleanup(self.tree.folder.cleanup)
        self.tree.copy("scripts/packages.sh")
        self.tree.tool(self.tree.bin / "dpkg-query", DPKG_QUERY)
        self.tree.tool(self.tree.bin / "apt-get", '[[ $* != *" $APT_FAILS"* ]] && [ "$DEBIAN_FRONTEND" = noninteractive ]')

    def become(self, user_id):
        self.tree.tool(self.tree.bin / "id", f"echo {user_id}")

    def run_script(self, *arguments, **environment):
        environment = {"NOT_THERE": "", "REMOVED": "", "APT_FAILS": "nothing", **environment}
        result, calls = self.tree.run("scripts/packages.sh", *arguments, **environment)
        return result, [call for call in calls if not call.startswith(("dpkg-query", "id"))]

    def test_does_nothing_when_all_packages_are_there(self):
        result, calls = self.run_script()
        self.assertEqual((result.returncode, calls), (0, []))
        self.assertIn("packages are there", result.stdout)

    def test_installs_exactly_what_is_missing_as_root(self):
        self.become(0)
        result, calls = self.run_script(NOT_THERE="libboost-dev zlib1g-dev", REMOVED="cmake")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[0].startswith("apt-get ") and calls[0].endswith(" update"), calls)
        self.assertTrue(calls[1].endswith(" install --no-install-recommends cmake libboost-dev zlib1g-dev"), calls)
        self.assertIn(" -y ", calls[1])
        self.assertIn("installing cmake libboost-dev zlib1g-dev", result.stdout)

    def test_uses_sudo_when_it_is_not_root(self):
        self.become(1000)
        self.tree.tool(self.tree.bin / "sudo", '"$@"')
        result, calls = self.run_script(NOT_THERE="libboost-dev")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([call.split()[0] for call in calls], ["sudo", "apt-get", "sudo", "apt-get"])

    def test_says_what_to_do_when_it_can_not_become_root(self):
        self.become(1000)
        result, calls = self.run_script(NOT_THERE="libboost-dev")
        self.assertEqual((result.returncode, calls), (1, []))
        self.assertIn("run as root: apt-get install libboost-dev", result.stderr)

    def test_tries_to_install_when_the_update_fails(self):
        self.become(0)
        result, calls = self.run_script(NOT_THERE="libboost-dev", APT_FAILS="update")
        self.assertEqual((result.returncode, len(calls)), (0, 2))
        self.assertIn("update failed", result.stdout)

    def test_fails_when_the_installation_fails(self):
        self.become(0)
        result, _ = self.run_script(NOT_THERE="libboost-dev", APT_FAILS="install")
        self.assertEqual(result.returncode, 1)
        self.assertIn("can't install libboost-dev", result.stderr)

    def test_names_the_packages_where_there_is_no_dpkg(self):
        (self.tree.bin / "dpkg-query").unlink()
        result, calls = self.run_script()
        self.assertEqual((result.returncode, calls), (1, []))
        self.assertIn("libeigen3-dev", result.stderr)

    def test_lists_its_packages_and_refuses_other_arguments(self):
        result, calls = self.run_script("--list")
        self.assertEqual((result.returncode, calls), (0, []))
        self.assertIn("libhdf5-dev", result.stdout.splitlines())
        result, calls = self.run_script("--lsit")
        self.assertEqual((result.returncode, calls), (2, []))
        self.assertIn("Usage", result.stderr)


if __name__ == "__main__":
    unittest.main()
