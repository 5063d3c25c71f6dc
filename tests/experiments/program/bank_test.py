"""Banks that are learned: the bank command, --bank, pictures, and every bank in both networks."""

import base64
import struct
import zlib
from xml.etree import ElementTree

import h5py
import numpy as np

from harness import (EXIT_CHECKPOINT, EXIT_DATA, EXIT_USAGE, SIDE, TRAIN, ProgramTestCase, draw_images, main, settings,
                     write_dataset)

PCA = settings("hidden.kind=pca", "hidden.features=6")
ICA = settings("hidden.kind=ica", "hidden.features=6")
SPARSE = settings("hidden.kind=sparse", "hidden.features=6", "hidden.fit_updates=2000")
PERCEPTRON = """
model = "rate"
dataset.name = "tiny"
dataset.directory = "DATA"
hidden.kind = "none"
"""
SVG = "{http://www.w3.org/2000/svg}"
LEARNED = {"pca": PCA, "ica": ICA, "sparse": SPARSE}
NAMES = {"pca": "l-pca", "ica": "l-ica", "sparse": "l-sc"}


def read_png(path):
    """(width, height, channels) of an 8-bit PNG whose check sums are right."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, kinds = 8, []
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place:place + 8])
        content = data[place + 8:place + 8 + size]
        assert zlib.crc32(kind + content) == struct.unpack(">I", data[place + 8 + size:place + 12 + size])[0]
        kinds.append(kind)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
        place += 12 + size
    assert kinds[-1] == b"IEND" and depth == 8
    return width, height, {0: 1, 2: 3}[colour]


class Bank(ProgramTestCase):
    def test_is_made_saved_and_reused_to_the_same_bits(self):
        for kind, options in LEARNED.items():
            figures = self.succeed_json("bank", "rate.toml", *options, "-o", f"{kind}.h5")
            self.assertEqual((figures["model"], figures["hidden"], figures["patch"]), (NAMES[kind], 60, 4))
            self.assertEqual(figures["figures"]["populations"], 10)
            self.assertTrue(0.1 < figures["figures"]["explained_variance"] <= 1.0, figures)
            with h5py.File(self.work / f"{kind}.h5") as file:
                self.assertEqual(file.attrs["kind"], "bank")
                self.assertEqual(file["receptive_fields/filters"].shape, (60, 1, 4, 4))
            self.succeed("train", "rate.toml", *options, "-o", "made.h5", "--threads", "1")
            self.succeed("train", "rate.toml", *options, "-o", "given.h5", "--bank", f"{kind}.h5")
            self.assert_same_run(self.work / "made.h5", self.work / "given.h5")
            with h5py.File(self.work / "given.h5") as given, h5py.File(self.work / "made.h5") as made:
                self.assertTrue(given["provenance"].attrs["bank"].startswith(f"{kind}.h5 (seed 5"))
                self.assertNotIn("bank", made["provenance"].attrs)

    def drive(self, file):
        """Mean magnitude of the responses of a file's bank to the training images."""
        with h5py.File(self.work / file) as opened:
            bank = opened["receptive_fields"]
            filters, row, column = bank["filters"][:, 0], bank["row"][:], bank["column"][:]
        images, _ = draw_images(TRAIN, 1)
        pixels = np.array([list(image) for image in images]).reshape(TRAIN, SIDE, SIDE) / 255
        pixels -= pixels.mean(axis=0)
        size = filters.shape[1]
        return np.mean([np.abs((pixels[:, r:r + size, c:c + size] * f).sum(axis=(1, 2)))
                        for f, r, c in zip(filters, row, column, strict=True)])

    def test_serves_the_spiking_network_too_with_the_drive_of_the_gabors(self):
        self.succeed("bank", "spiking.toml", "--seed", "1", "-o", "gabor.h5")
        for kind, options in LEARNED.items():
            self.succeed("bank", "rate.toml", *options, "-o", f"{kind}.h5")
            l1 = {}
            for name, measure in (("drive.h5", ()), ("l1.h5", ("hidden.scale_by=l1",))):
                figures = self.succeed_json("train", "spiking.toml", *options, *settings(*measure), "-o", name, "--bank",
                                            f"{kind}.h5")
                self.assertEqual((figures["model"], figures["coding"]), (NAMES[kind], "spiking"))
                self.assertGreater(figures["spikes_per_image"]["hidden"], 0)
                with h5py.File(self.work / name) as file:
                    l1[name] = np.abs(file["receptive_fields/filters"][:]).sum(axis=(1, 2, 3)).mean()
            self.assertAlmostEqual(l1["l1.h5"], 40.0, places=3)
            self.assertAlmostEqual(self.drive("drive.h5") / self.drive("gabor.h5"), 1.0, places=4)

    def test_of_another_network_is_taken_as_it_is(self):
        self.succeed("train", "rate.toml", "-o", "gabor.h5")
        options = settings("hidden.kind=file", "hidden.scale_by=l1", "hidden.scale=40")
        figures = self.succeed_json("train", "spiking.toml", *options, "-o", "run.h5", "--bank", "gabor.h5")
        self.assertEqual(figures["model"], "l-bank")
        with h5py.File(self.work / "run.h5") as file, h5py.File(self.work / "gabor.h5") as source:
            ratio = file["receptive_fields/filters"][:] / source["receptive_fields/filters"][:]
        self.assertTrue(np.allclose(ratio, 40.0 / 2.1, rtol=1e-4))

    def test_takes_its_settings_along(self):
        self.succeed("bank", "rate.toml", *SPARSE, *settings("hidden.fit_rate=5e-3"), "-o", "bank.h5")
        self.succeed("train", "rate.toml", *SPARSE, "-o", "run.h5", "--bank", "bank.h5")
        with h5py.File(self.work / "run.h5") as file:
            self.assertIn("fit_rate = 0.005", file["provenance"].attrs["config"])

    def test_outlives_an_interruption(self):
        self.succeed("bank", "rate.toml", *PCA, "-o", "bank.h5")
        self.succeed("train", "rate.toml", *PCA, "-o", "whole.h5", "--bank", "bank.h5")
        self.succeed("train", "rate.toml", *PCA, "-o", "run.h5", "--bank", "bank.h5", "--max-time", "1e-9")
        (self.work / "bank.h5").unlink()
        self.succeed("train", "rate.toml", *PCA, "-o", "run.h5", "--resume")
        self.assert_same_run(self.work / "whole.h5", self.work / "run.h5")
        with h5py.File(self.work / "run.h5") as file:
            self.assertTrue(file["provenance"].attrs["bank"].startswith("bank.h5"))

    def test_is_drawn_for_the_other_kinds(self):
        self.succeed("bank", "spiking.toml", "-o", "bank.h5")
        self.succeed("train", "spiking.toml", "-o", "made.h5")
        self.succeed("train", "spiking.toml", "-o", "given.h5", "--bank", "bank.h5")
        self.assert_same_run(self.work / "made.h5", self.work / "given.h5")

    def test_is_drawn_as_a_mosaic(self):
        figures = self.succeed_json("bank", "rate.toml", *PCA, "-o", "bank.h5", "--mosaic", "pictures/filters.png",
                                    "--mosaic-filters", "12")
        self.assertEqual(figures["mosaic"], "pictures/filters.png")
        # 4 columns and 3 rows of 4 x 4 filters, four times as large, and lines between.
        self.assertEqual(read_png(self.work / "pictures/filters.png"), (4 * 17 + 1, 3 * 17 + 1, 1))
        self.assertEqual(self.names_in("pictures"), ["filters.png"])

    def test_is_drawn_as_svg_too(self):
        draw = ("bank", "rate.toml", *PCA, "--mosaic-filters", "12", "-o", "bank.h5", "--mosaic")
        self.succeed(*draw, "filters.png")
        for name in ("filters.svg", "FILTERS.SVG"):
            figures = self.succeed_json(*draw, name)
            self.assertEqual(figures["mosaic"], name)
            svg = ElementTree.parse(self.work / name).getroot()
            self.assertEqual(svg.tag, SVG + "svg")
            self.assertEqual(svg.findtext(SVG + "title"), "l-pca: 12 of 60 filters, patches of 4 x 4 pixels")
            (image,) = svg.findall(SVG + "image")
            size = [str(4 * 17 + 1), str(3 * 17 + 1)]
            self.assertEqual([svg.get("width"), svg.get("height")], size)
            self.assertEqual([image.get("width"), image.get("height")], size)
            self.assertEqual(image.get("style"), "image-rendering:pixelated")
            kind, data = image.get("href").split(",")
            self.assertEqual(kind, "data:image/png;base64")
            self.assertEqual(base64.b64decode(data, validate=True), (self.work / "filters.png").read_bytes())

    def train_with(self, bank, *options):
        """What is noted on stderr, but for progress."""
        outcome = self.succeed("train", "rate.toml", *options, "-o", "run.h5", "--bank", bank, "-q")
        return [line for line in outcome.stderr.splitlines() if line.startswith("shallows: ")]

    def test_of_the_same_images_and_settings_needs_no_note(self):
        for options in (PCA, (), settings("hidden.kind=random")):
            self.succeed("bank", "rate.toml", *options, "-o", "bank.h5")
            self.assertEqual(self.train_with("bank.h5", *options), [])

    def test_knows_what_it_was_fitted_on(self):
        self.succeed("bank", "rate.toml", *PCA, *settings("dataset.validation=40"), "-o", "bank.h5")
        with h5py.File(self.work / "bank.h5") as file:
            self.assertEqual(file["summary"].attrs["dataset"], "tiny")
            self.assertEqual(file["summary"].attrs["training_images"], 200)

    def test_of_other_images_is_noted(self):
        write_dataset(self.work / "other", train=250)
        self.succeed("bank", "rate.toml", *PCA, "-o", "bank.h5")
        other = settings("dataset.directory=other")
        for options, words in ((settings("dataset.classes=0,1"), 'dataset.classes = "", here "0,1"'),
                               (other, "(240), here")):
            notes = self.train_with("bank.h5", *PCA, *options)
            self.assertEqual(len(notes), 1, notes)
            self.assertIn("'bank.h5' was fitted on other images", notes[0])
            self.assertIn(words, notes[0])

    def test_of_held_out_images_is_refused(self):
        held_out = settings("dataset.validation=40")
        self.succeed("bank", "rate.toml", *PCA, "-o", "all.h5")
        self.succeed("bank", "rate.toml", *PCA, *held_out, "-o", "without.h5")
        few = settings("hidden.fit_images=200")
        self.succeed("bank", "rate.toml", *PCA, *few, "-o", "few.h5")
        self.succeed("train", "rate.toml", *settings("hidden.kind=random", "hidden.rule=backprop"), "-o", "learned.h5")
        kind = settings("hidden.kind=file")
        for bank, options in (("all.h5", PCA), ("learned.h5", kind)):
            train = ("train", "rate.toml", *options, *held_out, "--bank", bank, "-o", "run.h5")
            self.assert_refused(self.run_program(*train), EXIT_USAGE, f"the bank of '{bank}' has learned from images",
                                "first 240 of 240", "last 40")
            notes = self.train_with(bank, *options, *held_out, "--allow-seen-images")
            self.assertEqual(len(notes), 1, notes)
            self.assertIn("figures on them are too good", notes[0])
        self.assertEqual(self.train_with("without.h5", *PCA, *held_out), [])
        self.assertEqual(self.train_with("without.h5", *PCA), [])
        self.assertEqual(self.train_with("few.h5", *PCA, *few, *held_out), [])

    def test_with_settings_of_its_own_is_noted(self):
        self.succeed("bank", "rate.toml", *ICA, "-o", "bank.h5")
        notes = self.train_with("bank.h5", *ICA, *settings("hidden.ica_steps=1"))
        self.assertEqual(len(notes), 1, notes)
        self.assertIn("hidden.ica_steps: 1 -> 200", notes[0])
        with h5py.File(self.work / "run.h5") as file:
            self.assertIn("ica_steps = 200", file["provenance"].attrs["config"])

    def test_is_inspected(self):
        self.succeed("bank", "rate.toml", *PCA, "-o", "bank.h5")
        self.assertIn("receptive_fields", self.succeed("inspect", "bank.h5").stdout)


class Inhibition(ProgramTestCase):
    def test_acts_in_the_network_and_is_kept_to_the_same_bits(self):
        self.succeed("bank", "rate.toml", *SPARSE, "-o", "bank.h5")
        for dynamics in ("fifty-steps", "fixed-point"):
            options = (*SPARSE, *settings(f"hidden.inhibition={dynamics}"))
            figures = self.succeed_json("train", "rate.toml", *options, "-o", "made.h5", "--threads", "1")
            self.succeed("train", "rate.toml", *options, "-o", "given.h5", "--bank", "bank.h5", "--threads", "2")
            self.assert_same_run(self.work / "made.h5", self.work / "given.h5")
            again = self.succeed_json("test", "made.h5")
            self.assertEqual(again["test_correct"], figures["test_correct"])
            self.succeed("train", "rate.toml", *options, "-o", "stopped.h5", "--max-time", "1e-9")
            self.succeed("train", "rate.toml", *options, "-o", "stopped.h5", "--resume")
            self.assert_same_run(self.work / "made.h5", self.work / "stopped.h5")
            self.assertIn("lateral_weights", self.succeed("inspect", "made.h5").stdout)
        self.succeed("train", "rate.toml", *SPARSE, "-o", "without.h5", "--bank", "bank.h5")
        with h5py.File(self.work / "made.h5") as acts, h5py.File(self.work / "without.h5") as rests:
            self.assertFalse((acts["weights/readout/final"][()] == rests["weights/readout/final"][()]).all())
            self.assertEqual(acts["receptive_fields/lateral_weights"].shape, (10, 6, 6))
            self.assertTrue((acts["receptive_fields/lateral_weights"][()] ==
                             rests["receptive_fields/lateral_weights"][()]).all())
            # Filters and thresholds are scaled by one factor.
            self.assertTrue(np.allclose(acts["receptive_fields/filters"][0] * rests["receptive_fields/thresholds"][0],
                                        rests["receptive_fields/filters"][0] * acts["receptive_fields/thresholds"][0],
                                        rtol=1e-5))

    def test_answers_of_each_set_are_scaled_by_its_own_largest_one_if_asked(self):
        self.succeed("bank", "rate.toml", *SPARSE, "-o", "bank.h5")
        base = ("train", "rate.toml", *SPARSE, "--bank", "bank.h5", "-o")
        per_set = settings("hidden.per_set_scale=true")
        trained = self.succeed_json(*base, "quirk.h5", *per_set)
        self.succeed(*base, "clean.h5")
        with h5py.File(self.work / "quirk.h5") as quirk, h5py.File(self.work / "clean.h5") as clean:
            for name in ("weights/readout/final", "receptive_fields/filters"):
                self.assertTrue((quirk[name][()] == clean[name][()]).all(), name)
            self.assertFalse((quirk["trials/scores"][()] == clean["trials/scores"][()]).all())
        # An evaluation key: it can be set when a network is tested.
        for run, changes in (("quirk.h5", ()), ("clean.h5", per_set)):
            tested = self.succeed_json("test", run, *changes)
            self.assertEqual(tested["test_correct"], trained["test_correct"])
        # The training images have the scale that was measured on them, but for rounding.
        scores = []
        for name, changes in (("a.h5", ()), ("b.h5", per_set)):
            self.succeed("test", "clean.h5", "--split", "train", *changes, "-o", name)
            with h5py.File(self.work / name) as file:
                scores.append(file["trials/scores"][()])
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-4, atol=1e-5)

    def test_scale_of_each_set_is_refused_where_it_means_nothing(self):
        per_set = settings("hidden.per_set_scale=true")
        for config, options, reason in (("spiking.toml", SPARSE, "model is"), ("rate.toml", PCA, "hidden.kind is"),
                                        ("rate.toml", (*SPARSE, *settings("hidden.scale_by=l1")), "has no effect")):
            outcome = self.run_program("train", config, *options, *per_set, "-o", "run.h5")
            self.assert_refused(outcome, EXIT_USAGE, "hidden.per_set_scale", reason)
        self.assertNotIn("run.h5", self.names_in())

    def test_is_refused_where_there_is_none(self):
        self.write("memory.toml", PERCEPTRON.replace("rate", "memory"))
        acts = settings("hidden.inhibition=fifty-steps")
        for config, options, reason in (("spiking.toml", SPARSE, "model is"), ("rate.toml", PCA, "hidden.kind is"),
                                        ("rate.toml", (), "hidden.kind is"),
                                        ("memory.toml", SPARSE, "model is"),
                                        ("rate.toml", settings("hidden.kind=file"), "hidden.kind is"),
                                        ("rate.toml", (*SPARSE, *settings("hidden.rule=backprop")), "hidden.rule is")):
            outcome = self.run_program("train", config, *options, *acts, "-o", "run.h5")
            self.assert_refused(outcome, EXIT_USAGE, "hidden.inhibition", reason)
        self.assertNotIn("run.h5", self.names_in())

    def test_is_refused_where_a_file_lacks_it(self):
        options = (*SPARSE, *settings("hidden.inhibition=fifty-steps"))
        self.succeed("bank", "rate.toml", *SPARSE, "-o", "bank.h5")
        self.succeed("train", "rate.toml", *options, "-o", "run.h5", "--bank", "bank.h5")
        for name in ("bank.h5", "run.h5"):
            with h5py.File(self.work / name, "a") as file:
                del file["receptive_fields/lateral_weights"]
        outcome = self.run_program("train", "rate.toml", *options, "-o", "new.h5", "--bank", "bank.h5")
        self.assert_refused(outcome, EXIT_DATA, "bank.h5", "lacks its inhibition")
        self.assert_refused(self.run_program("test", "run.h5"), EXIT_DATA, "lacks its inhibition")


class BadBanks(ProgramTestCase):
    def test_as_many_features_as_a_patch_has_pixels(self):
        for options in (PCA, ICA):
            outcome = self.run_program("bank", "rate.toml", *options, *settings("hidden.features=16", "hidden.size=64"),
                                       "-o", "bank.h5")
            self.assert_refused(outcome, EXIT_USAGE, "hidden.features = 16", "choose 1 to 15")
        self.assertNotIn("bank.h5", self.names_in())

    def test_components_of_a_single_pixel(self):
        for kind in ("pca", "ica"):
            outcome = self.run_program("bank", "rate.toml", *settings(f"hidden.kind={kind}", "hidden.features=1",
                                                                      "hidden.patch=1"), "-o", "bank.h5")
            self.assert_refused(outcome, EXIT_USAGE, "hidden.patch = 1", "choose a larger patch")

    def test_a_picture_in_place_of_the_bank(self):
        (self.work / "old.png").write_text("old")
        (self.work / "link.png").hardlink_to(self.work / "old.png")
        for bank, picture in (("x.png", "x.png"), ("x.png", "./x.png"), ("old.png", "link.png")):
            outcome = self.run_program("bank", "rate.toml", *PCA, "-o", bank, "--mosaic", picture)
            self.assert_refused(outcome, EXIT_USAGE, "--mosaic", "-o", "name two files")
        self.assertNotIn("x.png", self.names_in())
        self.assertEqual((self.work / "old.png").read_text(), "old")

    def test_a_picture_that_is_neither_png_nor_svg(self):
        for picture in ("x.jpg", "x", "bank.h5", ".png", ".svg"):
            outcome = self.run_program("bank", "rate.toml", *PCA, "-o", "other.h5", "--mosaic", picture)
            self.assert_refused(outcome, EXIT_USAGE, f"'{picture}'", "ends in .png or .svg")
        self.assertNotIn("other.h5", self.names_in())
        self.succeed("bank", "rate.toml", *PCA, "-o", "other.h5", "--mosaic", "X.PNG")

    def test_a_size_that_is_no_multiple_of_the_features(self):
        outcome = self.run_program("train", "rate.toml", *PCA, *settings("hidden.size=61"), "-o", "run.h5")
        self.assert_refused(outcome, EXIT_USAGE, "hidden.size = 61", "hidden.features = 6")

    def test_a_bank_that_does_not_fit(self):
        self.succeed("bank", "rate.toml", *PCA, "-o", "bank.h5")
        for options, word in ((ICA, "hidden.kind"), ((*PCA, *settings("hidden.size=66")), "hidden.size = 66"),
                              ((*PCA, *settings("hidden.patch=5")), "hidden.patch = 5")):
            outcome = self.run_program("train", "rate.toml", *options, "-o", "run.h5", "--bank", "bank.h5")
            self.assert_refused(outcome, EXIT_USAGE, "bank.h5", word)
        self.assertNotIn("run.h5", self.names_in())

    def test_a_bank_with_weights_that_are_no_numbers(self):
        self.succeed("bank", "rate.toml", *PCA, "-o", "bank.h5")
        for weight in (float("nan"), float("inf")):
            with h5py.File(self.work / "bank.h5", "a") as file:
                file["receptive_fields/filters"][3, ...] = weight
            outcome = self.run_program("train", "rate.toml", *PCA, "--bank", "bank.h5", "-o", "run.h5")
            self.assert_refused(outcome, EXIT_DATA, "no numbers")
        self.succeed("bank", "rate.toml", *SPARSE, "-o", "sparse.h5")
        with h5py.File(self.work / "sparse.h5", "a") as file:
            file["receptive_fields/thresholds"][2] = float("nan")
        outcome = self.run_program("train", "rate.toml", *SPARSE, "--bank", "sparse.h5", "-o", "run.h5")
        self.assert_refused(outcome, EXIT_DATA, "no numbers")

    def test_files_without_a_bank(self):
        self.write("perceptron.toml", PERCEPTRON)
        self.succeed("train", "perceptron.toml", "-o", "perceptron.h5")
        for file, word in (("perceptron.h5", "holds no bank"), ("rate.toml", "rate.toml"), ("nowhere.h5", "nowhere.h5")):
            outcome = self.run_program("train", "rate.toml", *PCA, "-o", "run.h5", "--bank", file)
            self.assert_refused(outcome, EXIT_DATA, word)
        outcome = self.run_program("train", "rate.toml", *settings("hidden.kind=file"), "-o", "run.h5")
        self.assert_refused(outcome, EXIT_USAGE, "--bank")

    def test_a_bank_file_is_no_run(self):
        self.succeed("bank", "rate.toml", *PCA, "-o", "bank.h5")
        self.assert_refused(self.run_program("compare", "bank.h5"), EXIT_DATA, "bank.h5")
        self.assert_refused(self.run_program("train", "rate.toml", *PCA, "-o", "bank.h5", "--resume"), EXIT_CHECKPOINT,
                            "bank.h5")
        self.assert_refused(self.run_program("test", "bank.h5"), EXIT_DATA, "bank.h5")

    def test_settings_of_other_learners(self):
        for options, word in ((settings("hidden.features=5"), "hidden.features"),
                              ((*PCA, *settings("hidden.ica_steps=1")), "hidden.ica_steps"),
                              ((*PCA, *settings("hidden.fit_rate=0.1")), "hidden.pca_rule"),
                              ((*PCA, *settings("hidden.gabor_colour=opponent")), "hidden.gabor_colour"),
                              (settings("hidden.gabor_colour=opponent"), "colour"),
                              (settings("hidden.cubed_colour_scale=true"), "hidden.kind"),
                              (settings("hidden.kind=random", "hidden.cubed_colour_scale=true"), "one channel")):
            outcome = self.run_program("train", "rate.toml", *options, "-o", "run.h5")
            self.assert_refused(outcome, EXIT_USAGE, word)

    def test_a_rate_that_is_too_high(self):
        outcome = self.run_program("bank", "rate.toml", *PCA, *settings("hidden.pca_rule=sanger", "hidden.fit_rate=1e4",
                                                                        "hidden.fit_updates=2000"), "-o", "bank.h5")
        self.assert_refused(outcome, 1, "hidden.fit_rate")
        self.assertNotIn("bank.h5", self.names_in())

    def test_nothing_to_make(self):
        self.write("perceptron.toml", PERCEPTRON)
        outcome = self.run_program("bank", "perceptron.toml", "-o", "bank.h5")
        self.assert_refused(outcome, EXIT_USAGE, "there is no bank to make")


if __name__ == "__main__":
    main()
