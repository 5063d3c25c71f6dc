"""The table of CONTRIBUTING.md says what it costs to add something; the toys of this folder cost that."""

import re
import unittest

from extend import SOURCES, TOYS, applied, edits, toys

DOCUMENT = (SOURCES / "CONTRIBUTING.md").read_text()
ENDINGS = {"header": ".hpp", "source": ".cpp"}


def table():
    """{list: (kind of thing, kind of file)} of what is named in a list and costs nothing elsewhere."""
    rows = re.findall(r"^\| (a[^|]+) \| one (\w+) \| `([^`|]+)` \| nothing \|$", DOCUMENT, re.MULTILINE)
    return {name: (thing, file) for thing, file, name in rows}


class Cost(unittest.TestCase):
    def test_every_row_has_its_toy_and_every_toy_its_row(self):
        self.assertGreaterEqual(len(table()), 4)
        self.assertEqual(sorted(table()), sorted(edit.list for edit in edits()))
        self.assertEqual(len(toys()), len(table()))

    def test_naming_it_is_two_lines_of_one_list(self):
        for edit in edits():
            text = (SOURCES / edit.list).read_text()
            before, after = text.splitlines(), applied(edit, text).splitlines()
            added = [line for line in after if line not in before]
            self.assertEqual(len(added), 2, edit.list)
            self.assertLessEqual(len(after) - len(before), 2, edit.list)

    def test_what_is_new_is_one_file_beside_its_list(self):
        for edit in edits():
            thing, file = table()[edit.list]
            folder = edit.list.rsplit("/", 1)[0]
            new = [toy for toy in toys() if toy.parent.as_posix() == folder]
            self.assertEqual([toy.suffix for toy in new], [ENDINGS[file]], thing)
            self.assertLessEqual((TOYS / new[0]).read_text().count("\n"), 60, new[0])

    def test_the_document_shows_the_rule_that_is_tested(self):
        for block in re.findall(r"^```cpp\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL):
            self.assertIn(block, [(TOYS / toy).read_text() for toy in toys()])


if __name__ == "__main__":
    unittest.main()
