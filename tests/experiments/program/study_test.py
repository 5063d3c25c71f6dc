"""shallows study: tables, searches and curves as data, from beginning to end on a tiny data set."""

import csv
import io
import json
import os
import re
import shlex
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import h5py
from harness import EXIT_DATA, EXIT_USAGE, ProgramTestCase, main, settings, write_dataset

STUDIES = Path(__file__).resolve().parents[3] / "experiments" / "studies"
VARY = ("--vary", "training.learning_rate=1e-3,1e-2,3e-2", "--seeds", "1:2")
HELD_OUT = settings("dataset.validation=40")

STUDY = """
title = "Fields"
about = "What the columns are."
seeds = [1, 2]
columns = ["plain", "tuned"]

[scales.quick.settings]
training.epochs = 1.0

[scales.full.settings]
training.epochs = 2.0

[groups.tuned.columns.tuned]
training.learning_rate = 2e-2

[[row]]
name = "gabor"
config = "rate.toml"
groups = ["tuned"]
published = 98.9
scales.full.columns.tuned = { hidden.size = 70 }

[[row]]
name = "random"
config = "rate.toml"
settings.hidden.kind = "random"

[[sweep]]
hidden.patch = [3, 4]
"""


class StudyTestCase(ProgramTestCase):
    def study(self, *arguments, code=0):
        outcome = self.run_program("study", *arguments)
        self.assertEqual(outcome.code, code, outcome.stderr)
        return outcome

    def figures(self, *arguments):
        return json.loads(self.study(*arguments, "--json").stdout)

    def tables(self, directory="runs/studies"):
        """The texts of the tables: what must be the same however the runs came about, but for their times."""
        texts = {}
        for path in sorted((self.work / directory).glob("*-runs.csv")):
            rows = list(csv.DictReader(io.StringIO(path.read_text())))
            texts[path.name] = [{k: v for k, v in row.items() if "seconds" not in k and k != "file"} for row in rows]
        return texts

    def runs(self, directory="runs/studies"):
        return sorted(path.name for path in (self.work / directory / "runs").glob("*.h5"))

    def stamps(self, directory="runs/studies"):
        return {path.name: path.stat().st_mtime_ns for path in (self.work / directory / "runs").glob("*.h5")}

    def config_of(self, file):
        with h5py.File(self.work / file) as run:
            return tomllib.loads(run["provenance"].attrs["config"])


class OfAConfiguration(StudyTestCase):
    def test_is_one_command_with_a_file_for_each_run_tables_and_a_picture(self):
        outcome = self.study("rate.toml", *VARY, *HELD_OUT)
        self.assertEqual(len(self.runs()), 6)
        name = "rate-training.learning_rate"
        self.assertEqual(self.names_in("runs/studies"), [name + end for end in ("-runs.csv", ".csv", ".md", ".svg")] + ["runs"])
        self.assertIn("best on validation images: rate, training.learning_rate = ", outcome.stdout)
        self.assertRegex(outcome.stderr, r"\[6/6\] rate, training.learning_rate = 3e-2, seed 2: \d+\.\d\d %")
        with (self.work / f"runs/studies/{name}.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        self.assertEqual([row["training.learning_rate"] for row in rows], ["1e-3", "1e-2", "3e-2"])
        with (self.work / f"runs/studies/{name}-runs.csv").open(newline="") as stream:
            runs = list(csv.DictReader(stream))
        for k, row in enumerate(rows):
            for split in ("test", "validation"):
                values = [float(run[f"{split}_accuracy"]) for run in runs[2 * k:2 * k + 2]]
                self.assertAlmostEqual(float(row[f"{split}_accuracy_mean"]), sum(values) / 2)
                self.assertAlmostEqual(float(row[f"{split}_accuracy_std"]), abs(values[0] - values[1]) / 2 ** 0.5)
            self.assertGreater(float(row["operations_per_image_mean"]), 0)
            self.assertGreater(float(row["training_seconds_mean"]), 0)
        for run in runs:
            with h5py.File(self.work / run["file"]) as stored:
                self.assertEqual(float(run["test_accuracy"]), stored["summary"].attrs["test_accuracy"])
        picture = ElementTree.parse(self.work / f"runs/studies/{name}.svg")
        self.assertIn("training.learning_rate", "".join(picture.getroot().itertext()))

    def test_has_tables_of_its_own_beside_those_of_a_study_of_the_same_name(self):
        (self.work / "configs").mkdir()
        (self.work / "configs" / "fields.toml").write_text((self.work / "rate.toml").read_text())
        self.write("fields.toml", "[[row]]\nname = 'a'\nconfig = 'rate.toml'\n")
        size, patch = ("--vary", "hidden.size=9"), ("--vary", "hidden.patch=3")
        for what, *options in (("fields.toml",), ("fields.toml", *size, *patch),
                               ("configs/fields.toml",), ("configs/fields.toml", *size)):
            self.study(what, *options)
        self.assertEqual(set(self.tables()), {f"fields{keys}-runs.csv" for keys in
                                              ("", "-hidden.size-hidden.patch", "-seeds", "-hidden.size")})

    def test_trains_nothing_twice(self):
        first = self.study("rate.toml", *VARY, "--csv").stdout
        stamps = self.stamps()
        self.assertEqual(self.study("rate.toml", *VARY, "--csv").stdout, first)
        self.assertEqual(self.stamps(), stamps)
        self.study("rate.toml", "--vary", "training.learning_rate=1e-2,5e-2", "--seeds", "2,3")
        self.assertEqual(len(self.runs()), 6 + 3)
        self.assertEqual({name: self.stamps()[name] for name in stamps}, stamps)

    def test_uses_nothing_of_other_images(self):
        write_dataset(self.work / "data")
        here = settings(f"dataset.directory={self.work}/data")
        before = self.study("rate.toml", *VARY, *here, "--csv").stdout
        write_dataset(self.work / "data", train=200)
        self.assertNotEqual(self.study("rate.toml", *VARY, *here, "--csv").stdout, before)
        self.assertEqual(len(self.runs()), 12)

    def test_of_a_failing_network_reports_it_and_ranks_the_others(self):
        arguments = ("rate.toml", "--vary", "training.learning_rate=1e-2,1e6", *HELD_OUT)
        outcome = self.study(*arguments)
        self.assertIn("(1 failed)", outcome.stdout)
        self.assertIn("best on validation images: rate, training.learning_rate = 1e-2", outcome.stdout)
        self.assertIn("training.learning_rate = 1e6, seed 1: ", outcome.stderr)
        rows = self.figures(*arguments)["rows"]
        self.assertEqual([row["failed"] for row in rows], [0, 1])
        self.assertIsNone(rows[1]["test_accuracy"])
        self.assertEqual(len(self.runs()), 1)
        self.assertEqual(len(list((self.work / "runs/studies/runs").glob("*.failed.txt"))), 1)

    def test_learns_a_bank_once_for_all_runs_that_share_it(self):
        self.study("rate.toml", *settings("hidden.kind=pca", "hidden.features=5"), "--vary",
                   "training.learning_rate=1e-3,1e-2", "--vary", "readout.bias_max=0.1,1", "--seeds", "1:2")
        runs = self.runs()
        self.assertEqual(len([name for name in runs if name.startswith("bank-pca-seed")]), 2)
        self.assertEqual(len(runs), 2 + 8)
        alone = self.succeed_json("train", "rate.toml", "-o", "alone.h5",
                                  *settings("hidden.kind=pca", "hidden.features=5", "training.learning_rate=1e-3",
                                            "readout.bias_max=0.1", "seed=1"))
        shared = self.figures("rate.toml", *settings("hidden.kind=pca", "hidden.features=5", "readout.bias_max=0.1",
                                                     "training.learning_rate=1e-3"))
        self.assertEqual(shared["rows"][0]["test_accuracy"]["mean"], alone["test_accuracy"])
        with h5py.File(self.work / "alone.h5") as a, h5py.File(self.work / shared["runs"][0]["file"]) as b:
            for name in ("weights/readout/final", "receptive_fields/filters"):
                self.assertEqual(a[name][()].tobytes(), b[name][()].tobytes(), name)

    def test_refuses_what_it_can_t_vary(self):
        for arguments, words in ((["--vary", "hidden.size"], ["KEY=A,B"]), (["--vary", "hidden.sise=1"], ["--vary hidden.sise=1", "hidden.size"]),
                                 (["--vary", "hidden.size=5,0"], ["--vary hidden.size=0"]),
                                 (["--set", "hidden.size=0"], ["--set hidden.size=0"]),
                                 (["--vary", "hidden.size=1,,2"], ["empty"]), (["--seeds", "3:1"], ["seeds"]),
                                 (["--scale", "full"], ["scale"]), (["--only", "x"], ["row"]),
                                 (["--task", "3/2"], ["I/N"]), (["--vary", "seed=1,2"], ["--seeds"]),
                                 (["--set", "seed=3"], ["--seeds"]), (["--seeds", "1,1"], ["seed 1", "twice"]),
                                 (["--vary", "hidden.size=5,5"], ["twice"]),
                                 (["--vary", "hidden.size=5", "--vary", "hidden.size=6"], ["twice"])):
            self.assert_refused(self.run_program("study", "rate.toml", *arguments), EXIT_USAGE, *words)
        self.assert_refused(self.run_program("study", "illing2018"), EXIT_USAGE, "illing2019")
        self.assertFalse((self.work / "runs").exists())


class OfAFile(StudyTestCase):
    def setUp(self):
        super().setUp()
        self.write("fields.toml", STUDY)

    def test_has_rows_columns_scales_groups_and_sweeps(self):
        figures = self.figures("fields.toml")
        self.assertEqual([(row["row"], row["column"], row["settings"]["hidden.patch"]) for row in figures["rows"]],
                         [("gabor", "plain", "3"), ("gabor", "tuned", "3"), ("gabor", "plain", "4"),
                          ("gabor", "tuned", "4"), ("random", "plain", "3"), ("random", "plain", "4")])
        self.assertEqual([row["published"] for row in figures["rows"]], 4 * [98.9] + 2 * [None])
        self.assertEqual(len(figures["runs"]), 12)
        for run in figures["runs"]:
            config = self.config_of(run["file"])
            self.assertEqual(config["name"], run["row"])
            self.assertEqual(config["seed"], run["seed"])
            self.assertEqual(config["training"]["epochs"], 1.0)
            self.assertEqual(config["hidden"]["kind"], run["row"])
            self.assertEqual(config["training"]["learning_rate"], 2e-2 if run["column"] == "tuned" else 1e-2)

    def test_of_another_scale_has_its_settings(self):
        figures = self.figures("fields.toml", "--scale", "full", "--only", "gabor", "--seeds", "4")
        for run in figures["runs"]:
            config = self.config_of(run["file"])
            self.assertEqual((config["training"]["epochs"], config["seed"]), (2.0, 4))
            self.assertEqual(config["hidden"]["size"], 70 if run["column"] == "tuned" else 60)
        self.assertIn("fields-full.csv", self.names_in("runs/studies"))

    def test_prints_text_markdown_and_csv(self):
        text = self.study("fields.toml").stdout.splitlines()
        self.assertEqual(text[0].split()[:4], ["row", "hidden.patch", "seeds", "published"])
        markdown = self.study("fields.toml", "--markdown").stdout
        self.assertTrue(markdown.startswith("## Fields\n\nWhat the columns are.\n\n| row | hidden.patch |"), markdown)
        self.assertEqual((self.work / "runs/studies/fields.md").read_text(), markdown)
        self.assertEqual((self.work / "runs/studies/fields.csv").read_bytes().decode(),
                         self.run_program("study", "fields.toml", "--csv").stdout)

    def test_extends_another_one(self):
        self.write("more.toml", 'extends = "fields"\nonly = ["random"]\nseeds = [7]\ntitle = "More"\n'
                                '[[row]]\nname = "random"\ncolumns.tuned.hidden.scale = 2.0\n')
        figures = self.figures("more.toml")
        self.assertEqual({(row["row"], row["column"]) for row in figures["rows"]},
                         {("random", "plain"), ("random", "tuned")})
        self.assertEqual({run["seed"] for run in figures["runs"]}, {7})

    def test_gives_a_row_the_bank_that_another_one_has_learned(self):
        self.write("giving.toml", '[[row]]\nname = "taught"\nconfig = "rate.toml"\n'
                                  'settings.hidden = { kind = "random", rule = "backprop" }\n'
                                  '[[row]]\nname = "fitted"\nconfig = "rate.toml"\n'
                                  'settings.hidden = { kind = "ica", features = 5, ica_steps = 1 }\n'
                                  '[[row]]\nname = "components"\nconfig = "rate.toml"\nbank_of = "fitted"\n'
                                  'settings.hidden = { kind = "ica", features = 5 }\n'
                                  '[[row]]\nname = "spikes"\nconfig = "spiking.toml"\nbank_of = "taught"\n'
                                  'settings.hidden = { kind = "file", scale_by = "l1", scale = 80.0 }\n')
        runs = {run["row"]: run["file"] for run in self.figures("giving.toml", "--only", "spikes")["runs"]}
        self.assertEqual(set(runs), {"taught", "spikes"})
        with h5py.File(self.work / runs["taught"]) as rate, h5py.File(self.work / runs["spikes"]) as spiking:
            learned, used = (run["receptive_fields/filters"][()] for run in (rate, spiking))
            ratio = used[learned != 0] / learned[learned != 0]
            self.assertLess(ratio.max() / ratio.min(), 1.0001)
        again = self.figures("giving.toml")  # whose bank has its own settings, which the run takes over
        self.assertEqual(self.figures("giving.toml"), again)

    def test_says_what_is_wrong_and_where(self):
        for text, words in (("seed = [1]\n[[row]]", ["seed", "line 1", "seeds"]), ("title = 3\n[[row]]", ["line 1", "text"]),
                            ("[[row]]\nconfig = 'rate.toml'", ["no name"]), ("extends = 'none'", ["none.toml"]),
                            ("[[row]]\nname = 'a'\nhidden.size = 3", ["hidden", "settings"]),
                            ("[[row]]\nname = 'a'\nconfig = 'l-rgg'", ["row 'a'", "l-rg"]),
                            ("[[row]]\nname = 'a'\nsettings.hidden.sise = 3", ["row 'a'", "(settings hidden.sise=3)", "hidden.size"]),
                            ("[[row]]\nname = 'a'\n[[sweep]]\nhidden.size = [0]", ["(sweep hidden.size=0;"]),
                            ("[[row]]\nname = 'a'\ngroups = ['b']", ["group", "'b'"]),
                            ("[[row]]\nname = 'a'\nbank_of = 'b'", ["row", "'b'"]),
                            ("[[row]]\nname = 'a'\n[[sweep]]\nhidden.size = 3", ["list"]),
                            ("[[row]]\nname = 'a'\nscales.quick.setings = {}", ["settings"]),
                            ("[[row]]\nname = 'a'\n[[row]]\nname = 'a'", ["two rows 'a'", "line 3"]),
                            ("[[row]]\nname = 'a'\ncolumns.acuracy = {}", ["column", "'accuracy'"]),
                            ("scales.quick.settings = {}\n[[row]]\nname = 'a'\nscales.quik.settings = {}",
                             ["scale", "'quick'"]),
                            ("[[row]]\nname = 'a'\nsettings.hidden.kind = 'file'", ["row 'a'", "bank_of"]),
                            ("[[row]]\nname = 'a'\nbank_of = 'a'", ["row 'a'", "circle"])):
            self.write("wrong.toml", text)
            with self.subTest(text=text):
                self.assert_refused(self.run_program("study", "wrong.toml"), EXIT_USAGE, *words)

    def test_that_does_not_fit_its_images_trains_nothing(self):
        self.write("large.toml", "[[row]]\nname = 'a'\nconfig = 'rate.toml'\n"
                                 "[[row]]\nname = 'b'\nconfig = 'rate.toml'\nsettings.hidden.patch = 9\n")
        self.assert_refused(self.run_program("study", "large.toml"), EXIT_USAGE, "row 'b'", "8 x 8 pixels")
        self.assertEqual(self.runs(), [])

    def test_has_each_run_once_whether_the_giver_of_a_bank_comes_first_or_last(self):
        self.write("last.toml", "columns = ['plain', 'fast']\nseeds = [1, 2]\n"
                                "[[row]]\nname = 'taker'\nconfig = 'rate.toml'\nbank_of = 'giver'\n"
                                "settings.hidden = { kind = 'file', scale_by = 'l1', scale = 2.0 }\n"
                                "[[row]]\nname = 'giver'\nconfig = 'rate.toml'\n"
                                "columns.fast.training.learning_rate = 0.05\n")
        rows = self.figures("last.toml")["rows"]
        self.assertEqual([(row["row"], row["column"], row["seeds"]) for row in rows],
                         [("taker", "plain", 2), ("giver", "plain", 2), ("giver", "fast", 2)])
        self.assertEqual([line.split()[:2] for line in self.study("last.toml").stdout.splitlines()[1:]],
                         [["taker", "2"], ["giver", "2"]])

    def test_of_missing_images_says_so(self):
        self.assert_refused(self.run_program("study", "rate.toml", "--set", "dataset.directory=nowhere"), EXIT_DATA,
                            "nowhere")


class Page(StudyTestCase):
    """docs/studies.md, docs/tables.md and examples/cluster/README.md."""

    def blocks(self, page, language):
        return re.findall(rf"^```{language}\n(.*?)^```$", (STUDIES.parents[1] / page).read_text(),
                          re.MULTILINE | re.DOTALL)

    def test_has_commands_that_can_be_planned(self):
        for block in self.blocks("docs/studies.md", "sh") + self.blocks("docs/tables.md", "sh"):
            for line in block.splitlines():
                program, command, *options = shlex.split(line, comments=True)
                self.assertEqual((Path(program).name, command), ("shallows", "study"))
                planned = [word for word in options if word not in ("--gather", "--markdown")]
                self.assertTrue(self.study(*planned, "--list").stdout, line)
        for line in self.blocks("examples/cluster/README.md", "sh")[0].splitlines():
            words = shlex.split(line, comments=True)
            options = words[words.index("STUDY") + 1:]
            with self.subTest(line=line):
                self.study("rate.toml", *options, *(() if {"--gather", "--list"} & set(options) else ("--list",)))

    def test_has_a_study_that_can_be_planned(self):
        self.write("page.toml", self.blocks("docs/studies.md", "toml")[0])
        self.assertEqual(len(self.study("page.toml", "--list").stdout.splitlines()), 3 * 2 * 3)
        self.study("page.toml", "--list", "--scale", "full")


class Shipped(StudyTestCase):
    def test_studies_can_be_planned_at_every_scale(self):
        for path in sorted(STUDIES.glob("*.toml")):
            study = tomllib.loads(path.read_text())
            self.assertTrue(path.read_text().startswith("# "), path)
            for scale in study.get("scales", {None: None}):
                scales = [] if scale is None else ["--scale", scale]
                with self.subTest(study=path.stem, scale=scale):
                    self.assertTrue(self.study(path, *scales, "--list").stdout)

    def test_rows_of_the_paper_have_its_numbers(self):
        rows = {row["name"]: row for row in tomllib.loads((STUDIES / "illing2019.toml").read_text())["row"]}
        published = {name: row["published"] for name, row in rows.items() if "published" in row}
        self.assertEqual(published, {"sp": 91.9, "l-rp": 98.4, "l-rg": 98.9, "l-pca": 98.2, "l-ica": 98.8, "l-sc": 98.4,
                                     "l-bp": 98.8, "l-fa": 98.7, "lif-l-rp": 98.2, "lif-l-rg": 98.6})
        for name, row in rows.items():
            self.assertTrue((STUDIES.parent / "configs" / (row["config"] + ".toml")).exists(), name)

    def test_tuned_columns_at_full_scale_are_the_configurations(self):
        """What the configurations are measured with is what the table has."""
        write_dataset(self.work / "sets" / "mnist")
        env = {**os.environ, "SHALLOWS_DATA": str(self.work / "sets")}
        outcome = self.run_program("study", STUDIES / "illing2019.toml", "--scale", "full", "--only", "l-rg,l-bp", "--json",
                                   *settings("training.epochs=0.1", "test.images=10", "hidden.patch=4"), "-q",
                                   env=env)
        self.assertEqual(outcome.code, 0, outcome.stderr)
        for run in json.loads(outcome.stdout)["runs"]:
            if run["column"] != "tuned":
                continue
            shipped = tomllib.loads((STUDIES.parent / "configs" / f"{run['row']}.toml").read_text())
            used = self.config_of(run["file"])
            for section, values in shipped.items():
                for key, value in (values.items() if isinstance(values, dict) else []):
                    if (section, key) not in (("training", "epochs"), ("hidden", "patch")):
                        self.assertEqual(used[section][key], value, f"{section}.{key}")


if __name__ == "__main__":
    main()
