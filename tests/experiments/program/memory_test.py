"""The memory network from end to end: train, test, stop and resume, go on with new classes, draw, studies."""

import csv
import json
import re
import signal
import struct
import time
import xml.etree.ElementTree

import h5py
from harness import (CLASSES, EXIT_CHECKPOINT, EXIT_DATA, EXIT_USAGE, SIDE, TEST, TRAIN, ProgramTestCase, Running,
                     idx_images, idx_labels, main, settings, wait_until)

MEMORY = """
model = "memory"
name = "tiny-memory"
seed = 5
[dataset]
name = "tiny"
directory = "DATA"
[hidden]
kind = "none"
[memory]
max_neurons = 60
batch = 30
neighbours = 3
"""

GABOR = """
model = "memory"
name = "tiny-gabor"
seed = 5
[dataset]
name = "tiny"
directory = "DATA"
[hidden]
kind = "gabor"
size = 50
patch = 4
pool = 1
[memory]
max_neurons = 60
distance = "cosine"
"""


class MemoryTestCase(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.write("memory.toml", MEMORY)
        self.write("gabor.toml", GABOR)

    def rows_of(self, path):
        with h5py.File(self.work / path) as file:
            return {name: file["memory"][name][()] for name in ("rows", "labels", "counters", "changed", "batches")}


class TrainAndTest(MemoryTestCase):
    def test_learns_in_one_pass_and_stores_rows_labels_and_counters(self):
        figures = self.succeed_json("train", "memory.toml", "-o", "run.h5")
        self.assertEqual((figures["model"], figures["coding"], figures["hidden"], figures["fields"]),
                         ("pixels", "memory", 60, 0))
        self.assertEqual(figures["images_trained"], TRAIN)
        self.assertGreater(figures["test_accuracy"], 90.0)
        memory = self.rows_of("run.h5")
        self.assertEqual(memory["rows"].shape, (60, SIDE * SIDE))
        self.assertEqual(set(memory["labels"]), set(range(CLASSES)))
        self.assertEqual(memory["counters"].sum(), TRAIN)
        self.assertEqual(memory["batches"][0], TRAIN // 30)

    def test_learns_from_receptive_fields(self):
        figures = self.succeed_json("train", "gabor.toml", "-o", "run.h5")
        self.assertEqual((figures["model"], figures["hidden"], figures["fields"], figures["patch"]),
                         ("l-rg", 60, 50, 4))
        self.assertGreater(figures["test_accuracy"], 90.0)
        self.assertEqual(self.rows_of("run.h5")["rows"].shape, (60, 50))

    def test_of_the_run_file_gives_the_same_and_may_change_the_vote(self):
        trained = self.succeed_json("train", "gabor.toml", "-o", "run.h5")
        tested = self.succeed_json("test", "run.h5")
        self.assertEqual(tested["test_correct"], trained["test_correct"])
        self.succeed("test", "run.h5", *settings("memory.neighbours=5", "memory.vote=distance"))
        outcome = self.run_program("test", "run.h5", *settings("memory.distance=l2"))
        self.assert_refused(outcome, EXIT_USAGE, "memory.distance")

    def test_stands_beside_the_others_in_compare(self):
        self.succeed("train", "memory.toml", "-o", "memory.h5")
        self.succeed("train", "rate.toml", "-o", "rate.h5")
        rows = json.loads(self.succeed("compare", "memory.h5", "rate.h5", "--json").stdout)
        self.assertEqual([row["coding"] for row in rows], ["memory", "rate"])
        self.assertEqual(rows[0]["hidden"], 60)
        self.assertEqual(rows[0]["synaptic_operations_per_image"], 60 * SIDE * SIDE)

    def test_gives_the_same_bits_on_any_number_of_threads(self):
        for config in ("memory.toml", "gabor.toml"):
            self.succeed("train", config, "-o", "one.h5", "--threads", "1")
            self.succeed("train", config, "-o", "four.h5", "--threads", "4")
            self.assert_same_run(self.work / "one.h5", self.work / "four.h5")


class StoppedAndResumed(MemoryTestCase):
    # Batches that fit neither the intervals between checkpoints nor the rows of the learning curve.
    changes = settings("training.epochs=400", "memory.batch=70", "memory.gate=novelty", "memory.threshold=0.9",
                       "memory.replacement=balanced", "memory.judge_every=3")

    def test_gives_the_same_bits_as_an_uninterrupted_run(self):
        for config in ("memory.toml", "gabor.toml"):
            arguments = ["train", config, *self.changes, "--record", "all@test:0:end"]
            self.succeed(*arguments, "-o", "whole.h5")
            stops = 0
            while True:
                outcome = self.succeed(*arguments, "-o", "cut.h5", "--resume", "--max-time", "1e-9", "--json",
                                       "--threads", 1 + stops % 3, "--checkpoint-every", 71 + 37 * stops)
                if json.loads(outcome.stdout)["complete"]:
                    break
                stops += 1
            self.assertGreaterEqual(stops, 10)
            self.assert_same_run(self.work / "whole.h5", self.work / "cut.h5")
            (self.work / "cut.h5").unlink()

    def test_after_signals_too(self):
        arguments = ["train", "memory.toml", *settings("training.epochs=2000", "memory.judge_every=1")]
        self.succeed(*arguments, "-o", "whole.h5")
        for number, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
            checkpoint = self.work / "cut.h5.checkpoint"
            before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
            program = Running(*arguments, "-o", "cut.h5", "--resume", "--checkpoint-every", 20000, cwd=self.work)
            wait_until(lambda: (checkpoint.exists() and checkpoint.stat().st_mtime_ns != before)
                       or program.process.poll() is not None, "a checkpoint")
            self.assertIsNone(program.process.poll(), "the run ended before it could be stopped; make it longer")
            time.sleep(0.01)
            program.send(number)
            self.assertEqual(program.finish().code, code)
        self.succeed(*arguments, "-o", "cut.h5", "--resume")
        self.assert_same_run(self.work / "whole.h5", self.work / "cut.h5")


class GoesOn(MemoryTestCase):
    def test_with_new_classes_and_a_larger_memory(self):
        first = self.succeed_json("train", "memory.toml", "-o", "first.h5",
                                  *settings("dataset.classes=0,1", "memory.max_neurons=40"))
        self.assertLess(first["images_trained"], TRAIN)
        self.assertEqual(set(self.rows_of("first.h5")["labels"]), {0, 1})
        second = self.succeed_json("train", "memory.toml", "--from", "first.h5", "-o", "second.h5",
                                   *settings("dataset.classes=2"))
        self.assertEqual(first["images_trained"] + second["images_trained"], TRAIN)
        memory = self.rows_of("second.h5")
        self.assertEqual(set(memory["labels"]), {0, 1, 2})
        self.assertEqual(memory["rows"][:40].tobytes(), self.rows_of("first.h5")["rows"].tobytes())
        self.assertEqual(memory["counters"].sum(), TRAIN)
        self.assertGreater(self.succeed_json("test", "second.h5", *settings("dataset.classes="))["test_accuracy"], 90)

    def test_of_a_full_memory_tells_which_classes_got_no_row(self):
        self.succeed("train", "memory.toml", "-o", "first.h5", *settings("dataset.classes=0,1"))
        outcome = self.succeed("train", "memory.toml", "--from", "first.h5", "-o", "second.h5",
                               *settings("dataset.classes=2"))
        self.assertIn("no row of class 2", outcome.stderr)
        self.assertIn("memory.replacement", outcome.stderr)
        outcome = self.succeed("train", "memory.toml", "--from", "first.h5", "-o", "third.h5",
                               *settings("dataset.classes=2", "memory.replacement=balanced"))
        self.assertNotIn("no row", outcome.stderr)

    def test_with_labels_that_the_first_data_set_did_not_have(self):
        self.succeed("train", "memory.toml", "-o", "first.h5")
        images = [bytes([200 if i // SIDE == i % SIDE else 0 for i in range(SIDE * SIDE)])] * 20
        (self.work / "new-images").write_bytes(idx_images(images))
        (self.work / "new-labels").write_bytes(idx_labels([3, 4] * 10))
        self.succeed("train", "memory.toml", "--from", "first.h5", "-o", "second.h5",
                     *settings("dataset.images=new-images", "dataset.labels=new-labels", "memory.max_neurons=80"))
        memory = self.rows_of("second.h5")
        self.assertEqual(set(memory["labels"]), {0, 1, 2, 3, 4})
        with h5py.File(self.work / "second.h5") as file:
            self.assertEqual(file["network/class_count"][0], 5)

    def test_of_a_rate_network_too(self):
        self.succeed("train", "rate.toml", "-o", "first.h5")
        self.succeed("train", "rate.toml", "--from", "first.h5", "-o", "second.h5", "--seed", "6")
        with h5py.File(self.work / "first.h5") as a, h5py.File(self.work / "second.h5") as b:
            self.assertEqual(a["weights/readout/final"][()].tobytes(), b["weights/readout/initial"][()].tobytes())
            self.assertNotEqual(a["weights/readout/final"][()].tobytes(), b["weights/readout/final"][()].tobytes())

    def test_only_with_what_leaves_the_network_as_it_is(self):
        self.succeed("train", "memory.toml", "-o", "first.h5")
        for change, word in (("memory.distance=cosine", "memory.distance"), ("memory.input=centered", "memory.input"),
                             ("memory.max_neurons=50", "max_neurons")):
            outcome = self.run_program("train", "memory.toml", "--from", "first.h5", "-o", "second.h5",
                                       *settings(change))
            self.assert_refused(outcome, EXIT_DATA if "max" in change else EXIT_CHECKPOINT, word)
        outcome = self.run_program("train", "gabor.toml", "--from", "first.h5", "-o", "second.h5")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "hidden.kind")
        outcome = self.run_program("train", "memory.toml", "--from", "first.h5", "-o", "first.h5")
        self.assert_refused(outcome, EXIT_DATA, "first.h5")


class BadInput(MemoryTestCase):
    def test_fewer_rows_than_classes(self):
        self.assert_refused(self.run_program("train", "memory.toml", *settings("memory.max_neurons=2")), EXIT_USAGE,
                            "memory.max_neurons = 2", "3 classes")

    def test_settings_that_do_not_go_together(self):
        for config, change, word in (("memory.toml", "memory.gate=novelty", "memory.threshold"),
                                     ("memory.toml", "memory.threshold=1", "memory.gate"),
                                     ("memory.toml", "hidden.pool=1", "hidden.pool"),
                                     ("memory.toml", "memory.signs=both", "memory.signs"),
                                     ("gabor.toml", "hidden.pool_step=3", "hidden.pool_step"),
                                     ("memory.toml", "training.learning_rate=1", "training.learning_rate"),
                                     ("gabor.toml", "memory.channels=vote", "memory.channels"),
                                     ("rate.toml", "memory.batch=1", "memory.batch"),
                                     ("memory.toml", "dataset.classes=0,7", "dataset.classes")):
            self.assert_refused(self.run_program("train", config, *settings(change)), EXIT_USAGE, word)

    def test_broken_rows_in_the_file(self):
        self.succeed("train", "memory.toml", "-o", "good.h5")
        good = (self.work / "good.h5").read_bytes()

        def broken(change, *words):
            (self.work / "bad.h5").write_bytes(good)
            with h5py.File(self.work / "bad.h5", "a") as file:
                change(file)
            outcome = self.run_program("test", "bad.h5")
            self.assertNotEqual(outcome.code, 0)
            self.assert_refused(outcome, outcome.code, *words)

        def assign(path, index, value):
            def change(file):
                file[path][index] = value
            return change

        def shorten(file):
            rows = file["memory/rows"][:, :-1]
            del file["memory/rows"]
            file["memory/rows"] = rows

        def empty(file):
            for name in ("rows", "labels", "counters", "changed"):
                values = file["memory"][name][:0]
                del file["memory"][name]
                file["memory"][name] = values

        broken(assign("memory/rows", (3, 5), float("nan")), "row 3", "no numbers")
        broken(assign("memory/labels", 7, 3), "row 7", "label 3")
        broken(assign("memory/counters", 0, 0), "row 0", "counter")
        broken(shorten, "memory/rows")
        broken(empty, "memory is empty")

    def test_images_of_another_shape(self):
        self.succeed("train", "memory.toml", "-o", "run.h5")
        (self.work / "images").write_bytes(struct.pack(">IIII", 0x803, 4, 5, 5) + bytes(100))
        (self.work / "labels").write_bytes(idx_labels([0, 1, 0, 1]))
        outcome = self.run_program("train", "memory.toml", "--from", "run.h5", "-o", "second.h5",
                                   *settings("dataset.images=images", "dataset.labels=labels"))
        self.assert_refused(outcome, EXIT_CHECKPOINT, "another shape")


class Pictures(MemoryTestCase):
    def test_of_the_rows(self):
        self.succeed("train", "memory.toml", "-o", "run.h5")
        self.succeed("inspect", "run.h5", "--picture", "rows.png", "--rows", "10")
        png = (self.work / "rows.png").read_bytes()
        self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", png[16:24]), (10 * (SIDE + 1) + 1, CLASSES * (SIDE + 1) + 1))

    def test_of_what_is_no_picture_are_refused(self):
        self.succeed("train", "gabor.toml", "-o", "fields.h5")
        self.succeed("train", "rate.toml", "-o", "rate.h5")
        for file, word in (("fields.h5", "receptive fields"), ("rate.h5", "no memory")):
            outcome = self.run_program("inspect", file, "--picture", "rows.png")
            self.assert_refused(outcome, EXIT_USAGE, word)
        self.assertNotIn("rows.png", self.names_in())


class Studies(MemoryTestCase):
    def table(self, name):
        with open(self.work / f"{name}.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_of_the_number_of_rows(self):
        tiny = settings("dataset.name=tiny", f"dataset.directory={self.home / 'tiny'}", "memory.batch=30")
        name = "f/memory-memory.max_neurons"
        outcome = self.succeed("study", "memory", "-o", "f", "--csv", "--seeds", "5,6", *tiny,
                               "--vary", "memory.max_neurons=3,10,60")
        table, runs = self.table(name), self.table(name + "-runs")
        self.assertEqual([(int(row["memory.max_neurons"]), row["row"]) for row in table],
                         [(n, t) for t in ("no threshold", "threshold 4") for n in (3, 10, 60)])
        for k, row in enumerate(table):
            a, b = (float(run["test_accuracy"]) for run in runs[2 * k:2 * k + 2])
            self.assertAlmostEqual(float(row["test_accuracy_mean"]), (a + b) / 2)
            self.assertAlmostEqual(float(row["test_accuracy_std"]), abs(a - b) / 2 ** 0.5)
        self.assertEqual(outcome.stdout, (self.work / f"{name}.csv").read_bytes().decode())
        self.assertGreater(float(table[2]["test_accuracy_mean"]), 90.0)
        self.assertLess(float(table[5]["operations_per_image_mean"]), float(table[2]["operations_per_image_mean"]))
        picture = xml.etree.ElementTree.parse(self.work / f"{name}.svg")
        self.assertLessEqual({"no threshold", "threshold 4", "memory.max_neurons"}, set(picture.getroot().itertext()))
        single = self.succeed_json("train", "memory-mnist", "-o", "run.h5", *tiny,
                                   *settings("memory.max_neurons=60", "seed=5"))
        self.assertEqual(float(runs[4]["test_accuracy"]), single["test_accuracy"])

    def test_of_finished_runs_are_not_trained_again(self):
        arguments = ["study", "memory.toml", "-o", "f", "--seeds", "5,6"]
        self.succeed(*arguments, "--vary", "memory.max_neurons=3,10")
        files = sorted((self.work / "f/runs").glob("*.h5"))
        self.assertEqual(len(files), 4)
        for path in files:  # what is read back is what is shown
            with h5py.File(path, "a") as file:
                file["summary"].attrs["test_accuracy"] = 12.5
        self.succeed(*arguments, "--vary", "memory.max_neurons=3,10,20")
        accuracies = [row["test_accuracy"] for row in self.table("f/memory-memory.max_neurons-runs")]
        self.assertEqual(accuracies[:4], ["12.5"] * 4)
        self.assertNotIn("12.5", accuracies[4:])
        self.succeed(*arguments, "--vary", "memory.max_neurons=10", *settings("memory.neighbours=5"))
        self.assertNotIn("12.5", [row["test_accuracy"] for row in self.table("f/memory-memory.max_neurons-runs")])
        files[0].write_bytes(files[0].read_bytes()[:100])
        outcome = self.run_program(*arguments, "--vary", "memory.max_neurons=3,10", "-q")
        self.assert_refused(outcome, EXIT_DATA, files[0].name)

    def test_of_settings_by_their_accuracy_on_validation_images(self):
        held_out = settings("dataset.validation=40", "test.images=1")
        outcome = self.succeed("study", "memory.toml", "-o", "choice", *held_out,
                               "--vary", "memory.neighbours=1,3", "--vary", "memory.distance=l2,l1,cosine")
        table = self.table("choice/memory-memory.neighbours-memory.distance")
        self.assertEqual([(row["memory.neighbours"], row["memory.distance"]) for row in table],
                         [(k, d) for k in ("1", "3") for d in ("l2", "l1", "cosine")])
        best = max(table, key=lambda row: float(row["validation_accuracy_mean"]))
        self.assertIn(f"best on validation images: memory, memory.neighbours = {best['memory.neighbours']}, "
                      f"memory.distance = {best['memory.distance']} (", outcome.stdout)
        for row in (table[1], table[5]):
            single = self.succeed_json("train", "memory.toml", "-o", "run.h5", *held_out,
                                       *settings(f"memory.neighbours={row['memory.neighbours']}",
                                                 f"memory.distance={row['memory.distance']}", "seed=1"))
            self.assertEqual(float(row["validation_accuracy_mean"]), single["validation_accuracy"])

    def test_of_settings_that_are_valid_together_only(self):
        self.succeed("study", "memory.toml", "-o", "choice", "--vary", "memory.threshold=0.9,1.5",
                     *settings("dataset.validation=40", "memory.gate=novelty"))

    def test_of_the_other_networks_with_learned_banks_and_seeds(self):
        self.succeed("study", "rate.toml", "-o", "choice", "--seeds", "1:2",
                     "--vary", "training.learning_rate=1e-3,1e-2",
                     *settings("dataset.validation=40", "hidden.kind=pca", "hidden.features=5"))
        self.assertEqual([row["seeds"] for row in self.table("choice/rate-training.learning_rate")], ["2", "2"])

    def test_that_can_t_be_planned_are_refused(self):
        for vary, word in (("memory.neighbours", "--vary"), ("memory.neighbours=1,,3", "empty"),
                           ("memory.neighbour=1", "memory.neighbours")):
            outcome = self.run_program("study", "memory.toml", "--vary", vary, "-o", "choice")
            self.assert_refused(outcome, EXIT_USAGE, word)
        self.assertNotIn("choice", self.names_in())


class Figures(MemoryTestCase):
    def read(self, name):
        xml.etree.ElementTree.parse(self.work / f"{name}.svg")
        with open(self.work / f"{name}.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_of_classes_that_come_one_after_the_other(self):
        outcome = self.succeed("incremental", "memory.toml", "rate.toml", "-o", "f/classes",
                               *settings("training.epochs=5"))
        table = self.read("f/classes")
        self.assertEqual([row["classes"] for row in table], ["1", "2", "3"])
        self.assertEqual(table[0]["tiny-memory"], "100.00")
        self.assertEqual(outcome.stdout, (self.work / "f/classes.csv").read_text())

    def test_of_rows_that_are_spiking_neurons(self):
        outcome = self.succeed("spiking-match", "memory.toml", "-o", "match", "--values", "3,60")
        table = self.read("match")
        self.assertEqual([(row["max_neurons"], row["match"]) for row in table],
                         [(n, match) for n in ("3", "60") for match in ("l2", "cosine", "first spike", "most spikes")])
        for row in table:
            self.assertEqual(float(row["input_spikes"]) > 0, row["match"].endswith(("spike", "spikes")))
        self.assertEqual(outcome.stdout, (self.work / "match.csv").read_text())
        single = self.succeed_json("train", "memory.toml", "-o", "run.h5")
        self.assertAlmostEqual(float(table[4]["accuracy"]), single["test_accuracy"], delta=0.01)

    def test_that_can_t_be_drawn_are_refused(self):
        for arguments, word in ((["spiking-match", "rate.toml"], "memory"),
                                (["spiking-match", "gabor.toml"], "receptive fields"),
                                (["spiking-match", "memory.toml", "memory.toml"], "memory.toml"),
                                (["incremental"], "configs"),
                                (["incremental", "memory.toml", *settings("memory.neighbour=1")],
                                 "memory.neighbours")):
            outcome = self.run_program(*arguments, "-o", "figure")
            self.assert_refused(outcome, EXIT_USAGE, word)
        self.assertFalse(re.search("figure", " ".join(self.names_in())))


if __name__ == "__main__":
    main()
