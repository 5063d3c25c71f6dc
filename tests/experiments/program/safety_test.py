"""Nothing is lost or mixed up: results that are there, two commands at once, other data, images that were learned from."""

import hashlib
import json
import shutil
import struct
from pathlib import Path

import h5py
import numpy as np

from harness import (EXIT_CHECKPOINT, EXIT_DATA, EXIT_DONE, EXIT_USAGE, SIDE, TEST, TRAIN, ProgramTestCase, Running,
                     draw_images, main, settings, wait_until, write_dataset)


def digest(images, labels):
    """As docs and experiments/data/data_identity.hpp say."""
    header = struct.pack("<IIII", SIDE, SIDE, 1, len(images))
    return hashlib.sha256(header + b"".join(images) + bytes(labels)).hexdigest()


class FinishedRuns(ProgramTestCase):
    def test_that_differ_are_refused_with_the_keys_and_kept(self):
        self.succeed("train", "rate.toml", "-o", "run.h5")
        before = (self.work / "run.h5").read_bytes()
        for change, word in (("hidden.size=50", "hidden.size: 60 -> 50"), ("test.images=20", "test.images: 0 -> 20"),
                             ("seed=6", "seed: 5 -> 6")):
            outcome = self.run_program("train", "rate.toml", "-o", "run.h5", *settings(change))
            self.assert_refused(outcome, EXIT_CHECKPOINT, "'run.h5' is there already", word, "--force", "-o")
            self.assertEqual((self.work / "run.h5").read_bytes(), before)
        outcome = self.succeed("train", "rate.toml", "-o", "run.h5", "--force", *settings("hidden.size=50"))
        self.assertIn("kept as 'run.h5.bak'", outcome.stderr)
        self.assertEqual((self.work / "run.h5.bak").read_bytes(), before)
        second = (self.work / "run.h5").read_bytes()
        self.succeed("train", "rate.toml", "-o", "run.h5", "--force")
        self.assertEqual((self.work / "run.h5.bak").read_bytes(), before)
        self.assertEqual((self.work / "run.h5.bak2").read_bytes(), second)

    def test_of_the_same_settings_and_images_are_not_trained_again(self):
        figures = self.succeed_json("train", "spiking.toml", "-o", "run.h5")
        before = (self.work / "run.h5").read_bytes()
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--json")
        self.assertEqual(outcome.code, EXIT_DONE)
        self.assertIn("complete already", outcome.stderr)
        self.assertEqual(json.loads(outcome.stdout), figures)
        self.assertEqual((self.work / "run.h5").read_bytes(), before)

    def test_are_not_taken_for_those_with_a_bank_or_an_earlier_network(self):
        self.succeed("train", "rate.toml", "-o", "run.h5")
        for option, name in (("--bank", "bank"), ("--from", "network")):
            shutil.copy(self.work / "run.h5", self.work / f"{name}.h5")
            outcome = self.run_program("train", "rate.toml", "-o", "run.h5", option, f"{name}.h5")
            self.assert_refused(outcome, EXIT_CHECKPOINT, f"{option}: none -> {name}.h5")

    def test_and_whatever_else_is_there_is_no_place_for_another_result(self):
        self.succeed("train", "rate.toml", "-o", "run.h5")
        self.succeed("bank", "rate.toml", "-o", "bank.h5")
        (self.work / "notes.h5").write_text("my notes")
        for arguments in (("train", "rate.toml", "-o", "bank.h5"), ("train", "rate.toml", "-o", "notes.h5"),
                          ("bank", "rate.toml", "-o", "run.h5"), ("test", "run.h5", "-o", "bank.h5"),
                          ("bank", "rate.toml", "-o", "bank.h5", *settings("hidden.size=50")),
                          ("test", "run.h5", "-o", "notes.h5")):
            path = self.work / arguments[3]
            before = path.read_bytes()
            self.assert_refused(self.run_program(*arguments), EXIT_CHECKPOINT, "is there already", "--force")
            self.assertEqual(path.read_bytes(), before)

    def test_may_be_tested_again_into_the_same_file(self):
        self.succeed("train", "rate.toml", "-o", "run.h5")
        for code, options in ((0, ()), (0, ()), (EXIT_CHECKPOINT, settings("test.images=20"))):
            self.assertEqual(self.run_program("test", "run.h5", "-o", "test.h5", *options).code, code)
        self.succeed("test", "run.h5", "-o", "test.h5", "--force", *settings("test.images=20"))
        self.assertIn("test.h5.bak", self.names_in())
        with h5py.File(self.work / "test.h5") as file:
            expected = hashlib.sha256((self.work / "run.h5").read_bytes()).hexdigest()
            self.assertEqual(file["summary"].attrs["run_sha256"], expected)

    def test_have_names_that_say_what_was_set_and_the_seed(self):
        for options, name in (((), "tiny-rate-seed5"), (settings("hidden.size=50"), "tiny-rate-hidden.size=50-seed5"),
                              (("--seed", "7", *settings("training.epochs=0.5", "name=other")),
                               "other-training.epochs=0.5-seed7")):
            self.succeed("train", "rate.toml", *options)
            self.assertIn(f"{name}.h5", self.names_in("runs"))
        self.succeed("bank", "rate.toml", *settings("hidden.patch=3"))
        self.assertIn("tiny-rate-hidden.patch=3-seed5-bank.h5", self.names_in("runs"))
        long = settings(f"name={'x' * 40}", *(f"{key}=0.01" for key in (
            "training.epochs", "training.learning_rate", "hidden.bias_max", "hidden.threshold", "readout.bias_max",
            "readout.weight_scale")))
        self.succeed("train", "rate.toml", *long)
        cut = [name for name in self.names_in("runs") if name.startswith("x" * 40)]
        self.assertRegex(cut[0], r"-[0-9a-f]{8}-seed5\.h5$")
        self.assertLess(len(cut[0]), 200)


class TwoCommands(ProgramTestCase):
    def test_do_not_write_one_file(self):
        first = Running("train", "spiking.toml", *settings("training.epochs=200"), "-o", "run.h5", cwd=self.work)
        wait_until(lambda: (self.work / "run.h5.lock").exists(), "the lock")
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5")
        self.assert_refused(outcome, EXIT_DATA, "run.h5", "another shallows is writing it")
        first.process.kill()
        first.finish()
        # What a killed one leaves claims nothing.
        self.assertIn("run.h5.lock", self.names_in())
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assertNotIn("run.h5.lock", self.names_in())

    def test_do_not_lose_each_others_settings(self):
        first = ("study", "rate.toml", "-o", "grid", "--name", "first", "--vary", "hidden.size=50,60",
                 *settings("training.epochs=300"))
        second = ("study", "rate.toml", "-o", "grid", "--name", "second", "--vary", "hidden.size=20,30")
        running = Running(*first, cwd=self.work)
        wait_until(lambda: list((self.work / "grid/runs").glob("*.lock")), "the lock")
        self.succeed(*second)
        self.assertIsNone(running.process.poll(), "the first ended before the second; make it longer")
        self.assertEqual(running.finish().code, EXIT_DONE)
        self.assertEqual([Path(name).suffix for name in self.names_in("grid/runs")], [".h5"] * 4)
        for study, sizes in ((first, ["50", "60"]), (second, ["20", "30"])):
            rows = self.succeed_json(*study, "--gather")["rows"]
            self.assertEqual([(row["settings"]["hidden.size"], row["seeds"]) for row in rows],
                             [(size, 1) for size in sizes])


class Data(ProgramTestCase):
    """Runs on a folder whose images can be changed."""

    def setUp(self):
        super().setUp()
        write_dataset(self.work / "own")
        self.own = settings("dataset.directory=own")

    def change(self, test=TEST):
        write_dataset(self.work / "own", train=250, test=test)

    def test_is_in_the_file_with_its_digest_counts_and_mean(self):
        figures = self.succeed_json("train", "rate.toml", *self.own, *settings("dataset.validation=40"), "-o", "run.h5")
        train, test = draw_images(TRAIN, 1), draw_images(TEST, 2)
        pixels = np.array([list(image) for image in train[0][:TRAIN - 40]]) / 255
        with h5py.File(self.work / "run.h5") as file:
            data = file["data"].attrs
            self.assertEqual((data["train_sha256"], data["test_sha256"]), (digest(*train), digest(*test)))
            self.assertEqual((data["train_images"], data["train_first"], data["test_images"]), (TRAIN, TRAIN - 40, TEST))
            np.testing.assert_allclose(file["data/pixel_mean"][()], pixels.mean(axis=0), atol=1e-6)
        self.assertEqual((figures["train_sha256"], figures["test_sha256"]), (digest(*train), digest(*test)))

    def test_that_has_changed_is_refused_by_resume_and_test_and_is_another_run(self):
        long = settings("training.epochs=20")
        self.succeed("train", "rate.toml", *self.own, "-o", "whole.h5")
        self.succeed("train", "rate.toml", *self.own, *long, "-o", "cut.h5", "--max-time", "1e-9")
        self.change(test=TEST + 5)
        outcome = self.run_program("train", "rate.toml", *self.own, *long, "-o", "cut.h5", "--resume")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "cut.h5", "its training images are", "240", "250")
        for resume in ((), ("--resume",)):
            outcome = self.run_program("train", "rate.toml", *self.own, "-o", "whole.h5", *resume)
            self.assert_refused(outcome, EXIT_CHECKPOINT, "whole.h5", "its training images are")
        outcome = self.run_program("test", "whole.h5")
        self.assert_refused(outcome, EXIT_DATA, "its test images are", "90", "95", "--set dataset.directory")
        self.assertEqual(self.succeed_json("test", "whole.h5", *self.own)["test_images"], TEST + 5)

    def test_that_has_changed_is_not_taken_from_the_runs_of_a_study(self):
        grid = ("study", "rate.toml", *self.own, *settings("dataset.validation=40"), "--vary", "hidden.size=50", "-o",
                "grid")
        self.succeed(*grid)
        known = self.names_in("grid/runs")
        self.succeed(*grid)
        self.assertEqual(self.names_in("grid/runs"), known)
        self.change()
        self.succeed(*grid)
        self.assertEqual(len(self.names_in("grid/runs")), 2)

    def test_of_different_runs_is_compared_with_a_warning(self):
        self.succeed("train", "rate.toml", *self.own, "-o", "a.h5")
        self.change(test=TEST + 5)
        self.succeed("train", "rate.toml", *self.own, "-o", "b.h5")
        self.succeed("train", "rate.toml", "-o", "c.h5")
        outcome = self.succeed("compare", "a.h5", "b.h5", "c.h5", "--json")
        self.assertEqual(outcome.stderr.count("tested on different images"), 1)
        self.assertIn("'a.h5' and 'b.h5'", outcome.stderr)
        digests = [row["test_sha256"] for row in json.loads(outcome.stdout)]
        self.assertEqual((digests[0] == digests[2], digests[0] == digests[1]), (True, False))

    def test_has_the_mean_of_the_training_in_every_test(self):
        for config in ("rate.toml", "spiking.toml"):
            self.succeed("train", config, "-o", "run.h5")
            scores = {}
            for name, options in (("all", ()), ("chosen", settings("dataset.classes=0,1")),
                                  ("more", ("--split", "train", *settings("dataset.validation=30")))):
                self.succeed("test", "run.h5", *options, "-o", "test.h5")
                with h5py.File(self.work / "test.h5") as file:
                    scores[name] = {sample: tuple(row) for sample, row in
                                    zip(file["trials/sample"][()], file["trials/scores"][()], strict=True)}
                    if name == "all":
                        kept = [k for k, label in enumerate(file["trials/label"][()]) if label < 2]
            # Without the third class the images count anew, but answer as before.
            for count, k in enumerate(kept):
                self.assertEqual(scores["chosen"][count], scores["all"][k])
            self.succeed("test", "run.h5", "--split", "train", "-o", "test.h5")
            with h5py.File(self.work / "test.h5") as file:
                rows = [tuple(row) for row in file["trials/scores"][:TRAIN - 30]]
            self.assertEqual(list(scores["more"].values()), rows)


class SeenImages(ProgramTestCase):
    held_out = settings("dataset.validation=40")

    def test_do_not_judge_a_network_that_learned_from_them(self):
        self.succeed("train", "rate.toml", "-o", "all.h5")
        self.succeed("train", "rate.toml", *self.held_out, "-o", "without.h5")
        validation = ("--split", "validation", *self.held_out)
        outcome = self.run_program("test", "all.h5", *validation)
        self.assert_refused(outcome, EXIT_USAGE, "has learned from images that are held out here", "first 240 of 240",
                            "--allow-seen-images")
        outcome = self.succeed("test", "all.h5", *validation, "--allow-seen-images")
        self.assertIn("warning", outcome.stderr)
        self.assertEqual(self.succeed("test", "without.h5", *validation, "-q").stderr, "")
        more = ("--split", "validation", *settings("dataset.validation=41"))
        self.assert_refused(self.run_program("test", "without.h5", *more), EXIT_USAGE, "first 200 of 240")

    def test_do_not_judge_a_network_that_goes_on(self):
        self.succeed("train", "rate.toml", "-o", "all.h5")
        go_on = ("train", "rate.toml", "--from", "all.h5", *self.held_out, "-o", "more.h5")
        self.assert_refused(self.run_program(*go_on), EXIT_USAGE, "'all.h5' has learned from images")
        self.assertIn("warning", self.succeed(*go_on, "--allow-seen-images").stderr)
        # What the network learned from before stays with it.
        self.assert_refused(self.run_program("test", "more.h5", "--split", "validation"), EXIT_USAGE, "'more.h5'",
                            "first 240 of 240")

    def test_do_not_judge_a_bank_nor_what_is_trained_on_it(self):
        pca = settings("hidden.kind=pca", "hidden.features=6")
        self.succeed("bank", "rate.toml", *pca, "-o", "bank.h5")
        train = ("train", "rate.toml", *pca, *self.held_out, "--bank", "bank.h5", "-o", "run.h5")
        self.assert_refused(self.run_program(*train), EXIT_USAGE, "the bank of 'bank.h5' has learned from images")
        self.succeed(*train, "--allow-seen-images")
        self.assert_refused(self.run_program("test", "run.h5", "--split", "validation"), EXIT_USAGE, "'run.h5'")

    def test_do_not_serve_for_training_and_test(self):
        same = settings(*(f"dataset.{key}={self.home}/tiny/train-{kind}-ubyte" for key, kind in
                          (("images", "images-idx3"), ("labels", "labels-idx1"),
                           ("test_images", "images-idx3"), ("test_labels", "labels-idx1"))))
        outcome = self.run_program("train", "rate.toml", *same, "-o", "run.h5")
        self.assert_refused(outcome, EXIT_USAGE, "has learned from the test images")

    def test_of_other_classes_are_new(self):
        self.succeed("train", "rate.toml", *settings("dataset.classes=0,1"), "-o", "run.h5")
        self.succeed("test", "run.h5", "--split", "validation", *self.held_out, *settings("dataset.classes=2"))


class Untrained(ProgramTestCase):
    def test_networks_are_those_of_no_epochs(self):
        for config in ("rate.toml", "spiking.toml"):
            figures = self.succeed_json("train", config, *settings("training.epochs=0"), "-o", "run.h5")
            self.assertEqual(figures["images_trained"], 0)
            with h5py.File(self.work / "run.h5") as file:
                self.assertTrue((file["weights/readout/final"][()] == file["weights/readout/initial"][()]).all())
            outcome = self.succeed("train", config, *settings("training.epochs=0"), "-o", "run.h5")
            self.assertIn("trained     0 images", outcome.stdout)
            self.assertNotIn("warning", outcome.stderr)
            self.succeed("inspect", "run.h5")


class LostClasses(ProgramTestCase):
    # One unit starts, and so stays, below zero: no image of its class is ever answered.
    silent = settings("training.learning_rate=0.3", "readout.bias_max=0", "training.epochs=5")

    def lost_run(self):
        for seed in range(1, 30):
            figures = self.succeed_json("train", "rate.toml", *self.silent, "--seed", seed, "-o", "lost.h5")
            if figures["test_lost_classes"]:
                return figures, seed
        self.fail("no seed lost a class")

    def test_are_recorded_warned_about_and_compared(self):
        figures, seed = self.lost_run()
        with h5py.File(self.work / "lost.h5") as file:
            confusion = file["evaluation/test_confusion"][()]
            lost = [c for c in range(3) if confusion[:, c].sum() == 0]
            self.assertEqual(list(file["summary"].attrs["test_lost_classes"]), lost)
        self.assertEqual(figures["test_lost_classes"], lost)
        outcome = self.succeed("test", "lost.h5")
        text = ", ".join(map(str, lost))
        self.assertIn(f"warning: class {text} is never the answer to the test images", outcome.stderr)
        self.assertIn("readout.bias_max", outcome.stderr)
        self.assertIn(f"never the answer: {text}", outcome.stdout)
        self.succeed("train", "rate.toml", "-o", "kept.h5")
        self.assertNotIn("lost classes", self.succeed("compare", "kept.h5").stdout)
        table = self.succeed("compare", "kept.h5", "lost.h5")
        self.assertIn("lost classes", table.stdout)
        rows = json.loads(self.succeed("compare", "kept.h5", "lost.h5", "--json").stdout)
        self.assertEqual([row["lost_classes"] for row in rows], [[], lost])


class BanksOfOtherCodings(ProgramTestCase):
    def test_keep_the_scale_of_the_configuration_and_say_so(self):
        for giver, taker, scale in (("rate.toml", "spiking.toml", 40.0), ("spiking.toml", "rate.toml", 2.1)):
            self.succeed("train", giver, "-o", "giver.h5")
            self.succeed("train", taker, "--seed", "5", "-o", "own.h5")
            outcome = self.succeed("train", taker, "--bank", "giver.h5", "-o", "run.h5", "-q")
            self.assertIn(f"hidden.scale = {scale}", outcome.stderr)
            self.assertIn("are multiplied by", outcome.stderr)
            with h5py.File(self.work / "run.h5") as given, h5py.File(self.work / "own.h5") as own:
                np.testing.assert_allclose(given["receptive_fields/filters"][()], own["receptive_fields/filters"][()],
                                           rtol=1e-5, atol=1e-6)
                self.assertIn(f"scale = {scale}", given["provenance"].attrs["config"])

    def test_of_the_same_scale_are_the_same_bits_without_a_word(self):
        self.succeed("train", "rate.toml", "-o", "a.h5")
        outcome = self.succeed("train", "rate.toml", "--bank", "a.h5", "-o", "b.h5", "-q")
        self.assertEqual(outcome.stderr, "")
        self.assert_same_run(self.work / "a.h5", self.work / "b.h5")

    def test_of_a_file_are_taken_as_they_are(self):
        self.succeed("train", "rate.toml", "-o", "a.h5")
        file_kind = settings("hidden.kind=file")
        outcome = self.succeed("train", "rate.toml", *file_kind, "--bank", "a.h5", "-o", "b.h5", "-q")
        self.assertEqual(outcome.stderr, "")
        with h5py.File(self.work / "a.h5") as a, h5py.File(self.work / "b.h5") as b:
            self.assertEqual(a["receptive_fields/filters"][()].tobytes(), b["receptive_fields/filters"][()].tobytes())
        outcome = self.succeed("train", "rate.toml", *file_kind, *settings("hidden.scale_by=largest"), "--bank", "a.h5",
                               "-o", "b.h5", "-q")
        self.assertIn('hidden.scale_by = "largest", hidden.scale = 1', outcome.stderr)


class Times(ProgramTestCase):
    def test_of_the_training_stay_apart_from_those_of_a_test_on_its_images(self):
        trained = self.succeed_json("train", "rate.toml", "-o", "run.h5")
        tested = self.succeed_json("test", "run.h5", "--split", "train")
        self.assertEqual(tested["training_seconds"], trained["training_seconds"])
        self.assertNotEqual(tested["train_seconds"], trained["training_seconds"])


if __name__ == "__main__":
    main()
