"""shallows paper: the table and the curves, from beginning to end on a tiny data set."""

import csv
import json
import os
import signal
import time
import tomllib
import xml.etree.ElementTree as ElementTree

import h5py
from harness import (EXIT_CHECKPOINT, EXIT_FAILED, EXIT_USAGE, ProgramTestCase, Running, main, wait_until,
                     write_dataset)

KEYS = {"model", "coding", "dataset", "hidden", "patch", "updates", "seeds", "failed", "accuracy_mean",
        "accuracy_std", "paper_accuracy", "tuned_seeds", "tuned_failed", "tuned_accuracy_mean", "tuned_accuracy_std",
        "minutes", "files"}
SMALL = ("--hidden", "60", "--updates", "480")


class PaperTestCase(ProgramTestCase):
    def setUp(self):
        super().setUp()
        # Under the paper's data set's name, so that its numbers stand beside ours.
        write_dataset(self.work / "sets" / "mnist")
        before = os.environ.get("SHALLOWS_DATA")
        os.environ["SHALLOWS_DATA"] = str(self.work / "sets")
        self.addCleanup(lambda: os.environ.pop("SHALLOWS_DATA") if before is None
                        else os.environ.update(SHALLOWS_DATA=before))

    def paper(self, *arguments, seeds=2):
        return self.succeed("paper", *SMALL, "--patch", "4", "--seeds", seeds, *arguments)

    def read_csv(self, name):
        with (self.work / name).open(newline="") as stream:
            return list(csv.DictReader(stream))

    def stamps(self, directory):
        return {path.name: path.stat().st_mtime_ns for path in (self.work / directory).glob("*.h5")}


class Table(PaperTestCase):
    def test_has_a_row_for_every_model_with_the_papers_numbers(self):
        rows = json.loads(self.paper("-o", "out", "--json").stdout)
        by_name = {(row["model"], row["coding"]): row for row in rows}
        self.assertEqual(len(by_name), len(rows))
        published = {("sp", "rate"): 91.9, ("l-rp", "rate"): 98.4, ("l-rg", "rate"): 98.9, ("l-bp", "rate"): 98.8,
                     ("l-fa", "rate"): 98.7, ("l-rp", "spiking"): 98.2, ("l-rg", "spiking"): 98.6,
                     ("rp", "rate"): None, ("rg", "rate"): None, ("bp", "rate"): None, ("fa", "rate"): None,
                     ("pca", "rate"): None, ("ica", "rate"): None, ("sc", "rate"): None, ("l-bp", "spiking"): None}
        for name, number in published.items():
            self.assertEqual(by_name[name]["paper_accuracy"], number, name)
        for row in rows:
            self.assertEqual(set(row), KEYS)
            self.assertEqual((row["dataset"], row["updates"], row["seeds"], row["failed"]), ("mnist", 480, 2, 0))
            self.assertEqual(row["hidden"], 0 if row["model"] == "sp" else 60)
            self.assertEqual(row["patch"], None if row["model"] == "sp" else 4 if "l-" in row["model"] else 8)
            self.assertGreaterEqual(row["accuracy_mean"], 0.0)
            self.assertGreater(row["minutes"], 0.0)
            # What stands in the table is what the files say.
            ours = [h5py.File(self.work / file, "r")["summary"].attrs["test_accuracy"] for file in row["files"][:2]]
            self.assertAlmostEqual(row["accuracy_mean"], sum(ours) / 2)
            self.assertAlmostEqual(row["accuracy_std"], abs(ours[0] - ours[1]) / 2 ** 0.5)
            tuned = row["files"][2:]
            self.assertEqual(row["tuned_accuracy_mean"] is None, not tuned)
            self.assertEqual((row["tuned_seeds"], row["tuned_failed"]), (len(tuned), 0))
            self.assertTrue(all("-tuned-" in file for file in tuned))
        self.assertGreater(by_name["l-rg", "rate"]["accuracy_mean"], 60.0)  # chance is 33

    def test_tunes_layers_of_any_size_by_one_product_of_rate_and_neurons(self):
        for hidden, rate in ((60, 2e-3), (1000, 2e-3), (2000, 1e-3)):
            rows = json.loads(self.succeed("paper", "--coding", "rate", "--only", "l-rp", "--hidden", str(hidden),
                                           "--patch", "4", "--updates", "20", "--seeds", "1", "-o", "out",
                                           "--json").stdout)
            with h5py.File(self.work / rows[0]["files"][1]) as run:
                stored = tomllib.loads(run["provenance"].attrs["config"])
            self.assertEqual(stored["training"]["learning_rate"], rate)

    def test_reuses_finished_runs_and_prints_the_same_as_markdown_and_text(self):
        rate = ("--coding", "rate")
        first = self.paper("-o", "out", "--only", "sp,l-bp", *rate, "--json").stdout
        stamps = self.stamps("out")
        self.assertEqual(len(stamps), 8)  # two models, two recipes, two seeds
        self.assertEqual(self.paper("-o", "out", "--only", "sp,l-bp", *rate, "--json").stdout, first)
        self.assertEqual(self.stamps("out"), stamps)
        markdown = self.paper("-o", "out", "--only", "sp,l-bp", *rate, "--markdown").stdout.splitlines()
        self.assertEqual(len(markdown), 4)
        self.assertIn("| paper % | untuned % | tuned % |", markdown[0])
        cells = [cell.strip() for cell in markdown[2].strip("|").split("|")]
        self.assertEqual(cells[:8], ["sp", "rate", "mnist", "-", "-", "480", "2", "91.9"])
        row = json.loads(first)[0]
        self.assertEqual(cells[8], f"{row['accuracy_mean']:.2f} ± {row['accuracy_std']:.2f}")
        text = self.paper("-o", "out", "--only", "sp,l-bp", *rate).stdout
        self.assertEqual(len(text.splitlines()), 3)
        self.assertIn("91.9", text)

    def test_of_one_seed_has_no_deviation(self):
        rows = json.loads(self.paper("-o", "out", "--only", "sp", "--json", seeds=1).stdout)
        self.assertIsNone(rows[0]["accuracy_std"])

    def test_goes_on_after_an_interruption_to_the_same_bits(self):
        arguments = ["paper", "--hidden", "60", "--patch", "4", "--seeds", "2", "--only", "l-bp,l-fa", "--coding",
                     "rate", "--updates", "200000", "--json"]
        program = Running(*arguments, "-o", "cut", cwd=self.work)
        wait_until(lambda: list((self.work / "cut").glob("*.checkpoint")) or program.process.poll() is not None,
                   "a checkpoint")
        time.sleep(0.2)
        program.send(signal.SIGINT)
        outcome = program.finish()
        self.assertEqual(outcome.code, 130, outcome.stderr)
        self.assertEqual(outcome.stdout, "")
        self.assertIn("the same command goes on", outcome.stderr)
        rows = json.loads(self.succeed(*arguments, "-o", "cut").stdout)
        whole = json.loads(self.succeed(*arguments, "-o", "whole").stdout)
        for cut, uncut in zip(rows, whole, strict=True):
            self.assertEqual(cut["accuracy_mean"], uncut["accuracy_mean"])
            for a, b in zip(cut["files"], uncut["files"], strict=True):
                self.assert_same_run(self.work / a, self.work / b)

    def test_goes_on_after_an_interruption_of_a_bank(self):
        # So many neurons that the signal finds it at the bank.
        arguments = ["paper", "--hidden", "2000", "--patch", "4", "--seeds", "1", "--only", "l-sc", "--coding", "rate",
                     "--updates", "100", "-o", "cut"]
        program = Running(*arguments, cwd=self.work)
        program.ready_for_signals()
        time.sleep(0.1)
        program.send(signal.SIGINT)
        outcome = program.finish()
        self.assertEqual(outcome.code, 130, outcome.stderr)
        self.assertEqual(self.names_in("cut"), [])
        self.assertIn("the same command goes on", outcome.stderr)
        self.assertNotIn("nothing was written", outcome.stderr)

    def test_trains_the_networks_of_one_coding(self):
        rows = json.loads(self.paper("-o", "out", "--only", "l-rg", "--coding", "spiking", "--json", seeds=1).stdout)
        self.assertEqual([(row["model"], row["coding"]) for row in rows], [("l-rg", "spiking")])
        self.assertFalse([name for name in self.stamps("out") if "-rate-" in name])
        outcome = self.run_program("paper", *SMALL, "--patch", "4", "-o", "out", "--only", "bp", "--coding", "spiking")
        self.assert_refused(outcome, EXIT_USAGE, "spiking model 'bp'")

    def test_of_finished_runs_trains_nothing_and_says_how_many_seeds_it_has(self):
        self.assertEqual(json.loads(self.paper("-o", "out", "--trained", "--json").stdout), [])
        self.paper("-o", "out", "--only", "sp,l-bp", "--coding", "rate")
        next((self.work / "out").glob("*-sp-u480-tuned-s1.h5")).unlink()
        stamps = self.stamps("out")
        rows = json.loads(self.paper("-o", "out", "--trained", "--json", seeds=3).stdout)
        self.assertEqual([(row["model"], row["coding"]) for row in rows], [("sp", "rate"), ("l-bp", "rate")])
        self.assertEqual([(row["seeds"], row["tuned_seeds"]) for row in rows], [(2, 1), (2, 2)])
        self.assertIsNone(rows[0]["tuned_accuracy_std"])
        table = self.paper("-o", "out", "--trained", "--markdown", seeds=3).stdout.splitlines()
        self.assertEqual([line.split("|")[7].strip() for line in table[2:]], ["2, 1", "2"])
        self.assertEqual(self.stamps("out"), stamps)

    def test_gives_a_spiking_network_the_filters_that_backpropagation_has_learned(self):
        row = json.loads(self.paper("-o", "out", "--only", "l-bp", "--coding", "spiking", "--json", seeds=1).stdout)[0]
        giver = next((self.work / "out").glob("*-rate-l-bp-*-s1.h5"))
        with h5py.File(giver, "r") as rate, h5py.File(self.work / row["files"][0], "r") as spiking:
            learned = rate["receptive_fields/filters"][()]
            used = spiking["receptive_fields/filters"][()]
            ratio = used[learned != 0] / learned[learned != 0]
            self.assertLess(ratio.max() / ratio.min(), 1.001)  # but for one factor
            self.assertEqual(list(spiking["receptive_fields/row"]), list(rate["receptive_fields/row"]))

    def test_learns_independent_components_by_the_one_step_that_was_released(self):
        row = json.loads(self.paper("-o", "out", "--only", "l-ica", "--coding", "rate", "--json", seeds=1).stdout)[0]
        filters = []
        for file in row["files"]:  # untuned and tuned
            with h5py.File(self.work / file) as run:
                stored = tomllib.loads(run["provenance"].attrs["config"])
                filters.append(run["receptive_fields/filters"][()])
            self.assertEqual(stored["hidden"]["ica_steps"], 1)
        untuned, tuned = filters
        ratio = tuned[untuned != 0] / untuned[untuned != 0]
        self.assertLess(ratio.max() / ratio.min(), 1.001)  # one bank but for its scale

    def test_goes_on_where_one_network_diverges(self):
        # So many neurons drive the readout beyond what its learning rate bears.
        arguments = ("paper", "--hidden", "20000", "--patch", "4", "--updates", "240", "--seeds", "2", "-o", "out",
                     "--only", "sp,l-rg", "--coding", "rate")
        outcome = self.run_program(*arguments, "--json")
        self.assertEqual(outcome.code, EXIT_FAILED, outcome.stderr)
        sp, gabor = json.loads(outcome.stdout)
        self.assertEqual((sp["model"], sp["seeds"], sp["failed"]), ("sp", 2, 0))
        self.assertEqual((gabor["model"], gabor["seeds"], gabor["failed"]), ("l-rg", 0, 2))
        self.assertIsNone(gabor["accuracy_mean"])
        self.assertIsNone(gabor["minutes"])
        for seed in (1, 2):
            self.assertRegex(outcome.stderr, f"mnist-rate-l-rg-.*-s{seed}: the (readout is dead|network diverged) .*learning_rate")
        table = self.run_program(*arguments, "--markdown")
        self.assertEqual(table.code, EXIT_FAILED)
        self.assertIn("| failed |", table.stdout)
        self.assertIn(f"{sp['accuracy_mean']:.2f}", table.stdout)

    def test_refuses_a_file_of_other_settings(self):
        self.paper("-o", "out", "--only", "sp", seeds=1)
        self.paper("-o", "out", "--only", "l-rg", seeds=1)
        file = next(path for path in (self.work / "out").glob("*l-rg*"))
        file.rename(next(path for path in (self.work / "out").glob("*-sp-u480-s1.h5")))
        outcome = self.run_program("paper", *SMALL, "--patch", "4", "-o", "out", "--only", "sp")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "hidden.kind")

    def test_refuses_unknown_names(self):
        for arguments, word in ((("--only", "l-pb"), "l-bp"), (("--scale", "ful"), "full"),
                                (("--patch", "9"), "9")):
            outcome = self.run_program("paper", *SMALL, *arguments, "-o", "out")
            self.assert_refused(outcome, EXIT_USAGE, word)


class Curves(PaperTestCase):
    def curves(self, *arguments, updates=20):
        return self.succeed("paper", "--curves", "--updates", updates, "--patch", "4", "--hidden", "60", "--seeds", "1",
                            "-o", "out", "--json", *arguments)

    def test_are_stored_as_tables_and_pictures(self):
        rows = json.loads(self.succeed("paper", "--curves", "--updates", "240", "--patch", "4", "--hidden", "60",
                                       "--seeds", "2", "--only", "rp,l-rp", "-o", "out", "--json").stdout)
        over_hidden = self.read_csv("out/mnist-p4-u240-over-hidden.csv")
        self.assertEqual([row["hidden"] for row in over_hidden if row["model"] == "l-rp"],
                         ["10", "30", "100", "300", "1000", "3000", "10000"])
        self.assertEqual({row["patch"] for row in over_hidden if row["model"] == "rp"}, {"8"})
        over_patch = self.read_csv("out/mnist-n60-u240-over-patch.csv")
        self.assertEqual([(row["model"], row["patch"]) for row in over_patch],
                         [("l-rp", patch) for patch in "123578"])  # up to the side of the images
        self.assertEqual(len(rows), len(over_hidden) + len(over_patch))
        for row, line in zip(rows, over_hidden + over_patch, strict=True):
            # The tuned settings, and these only; of l-rp those for curves.
            of_curves = row["model"] == "l-rp"
            self.assertEqual((line["settings"], row["seeds"], row["tuned_seeds"]),
                             ("tuned for curves" if of_curves else "tuned", 0, 2))
            self.assertTrue(all("-tuned-" in file for file in row["files"]))
            self.assertEqual({"-tuned-curve-" in file for file in row["files"]}, {of_curves})
            with h5py.File(self.work / row["files"][0]) as run:
                stored = tomllib.loads(run["provenance"].attrs["config"])
            self.assertEqual(stored.get("readout", {}).get("loss") == "cross-entropy", of_curves)
            self.assertAlmostEqual(row["tuned_accuracy_mean"], float(line["accuracy_mean"]))
        for name, texts in (("p4-u240-over-hidden", {"rp, tuned", "l-rp, tuned for curves"}), ("n60-u240-over-patch", set())):
            tree = ElementTree.parse(self.work / f"out/mnist-{name}.svg")
            self.assertLessEqual(texts, {element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")})

    def test_of_one_model_keep_what_is_finished_of_the_others(self):
        self.curves("--only", "l-rp")
        over_patch = (self.work / "out/mnist-n60-u20-over-patch.csv").read_bytes()
        stamps = self.stamps("out")
        self.curves("--only", "rp")
        over_hidden = self.read_csv("out/mnist-p4-u20-over-hidden.csv")
        self.assertEqual([row["model"] for row in over_hidden], ["rp"] * 7 + ["l-rp"] * 7)
        self.assertEqual((self.work / "out/mnist-n60-u20-over-patch.csv").read_bytes(), over_patch)
        after = self.stamps("out")
        self.assertEqual({name: after[name] for name in stamps}, stamps)
        self.assertFalse([name for name in after if "rg" in name])

    def test_of_no_run_are_not_written(self):
        outcome = self.curves("--trained")
        self.assertEqual(json.loads(outcome.stdout), [])
        self.assertIn("nothing to draw", outcome.stderr)
        self.assertEqual(self.names_in("out"), [])

    def test_of_two_scales_stay_apart(self):
        self.curves("--only", "l-rp")
        self.curves("--only", "l-rp", updates=40)
        self.assertEqual([row["updates"] for row in self.read_csv("out/mnist-p4-u20-over-hidden.csv")], ["20"] * 7)
        self.assertEqual([row["updates"] for row in self.read_csv("out/mnist-p4-u40-over-hidden.csv")], ["40"] * 7)

    def test_refuse_models_that_have_none(self):
        for model in ("l-pca", "bp"):
            outcome = self.run_program("paper", *SMALL, "--curves", "--only", f"l-rg,{model}", "-o", "out")
            self.assert_refused(outcome, EXIT_USAGE, f"'{model}'", "rp, rg, l-rp, l-rg")
        self.assertEqual(self.names_in("out"), [])


if __name__ == "__main__":
    main()
