"""Rate networks whose bank learns: what is in their files, and what happens when they diverge."""

import h5py
import numpy as np
from harness import EXIT_FAILED, EXIT_USAGE, SIDE, ProgramTestCase, draw_images, main, settings, TEST, TRAIN

BACKPROP = settings("hidden.kind=random", "hidden.rule=backprop", "training.learning_rate=2e-2")
ALIGNMENT = settings("hidden.kind=random", "hidden.rule=feedback-alignment", "training.epochs=9")


class TrainedBank(ProgramTestCase):
    def test_is_the_one_in_the_file(self):
        # The network from the file's arrays alone, in numpy, must give the scores of the program's test.
        for loss in ("squared-error", "cross-entropy"):
            self.succeed("train", "rate.toml", *BACKPROP, *settings(f"readout.loss={loss}"), "-o", "run.h5")
            pixels = {seed: np.array([np.frombuffer(image, np.uint8) for image in draw_images(count, seed)[0]]) / 255
                      for count, seed in ((TRAIN, 1), (TEST, 2))}
            images = (pixels[2] - pixels[1].mean(axis=0)).reshape(TEST, SIDE, SIDE)
            with h5py.File(self.work / "run.h5") as file:
                bank = file["receptive_fields"]
                filters, patch = bank["filters"][:, 0], bank["filters"].shape[-1]
                hidden = np.stack([
                    (images[:, row:row + patch, column:column + patch] * weights).sum(axis=(1, 2))
                    for weights, row, column in zip(filters, bank["row"], bank["column"], strict=True)], axis=1)
                hidden = np.maximum(hidden + file["biases/hidden"][()], 0)
                scores = hidden @ file["weights/readout/final"][()].T + file["biases/readout"][()]
                if loss == "squared-error":
                    scores = np.maximum(scores, 0)
                else:
                    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
                    scores = powers / powers.sum(axis=1, keepdims=True)
                tested = file["trials/scores"][()]
            np.testing.assert_allclose(tested, scores, atol=2e-5)

    def test_has_moved_away_from_the_fixed_one(self):
        self.succeed("train", "rate.toml", *settings("hidden.kind=random"), "-o", "fixed.h5")
        self.succeed("train", "rate.toml", *BACKPROP, "-o", "learned.h5")
        with h5py.File(self.work / "fixed.h5") as fixed, h5py.File(self.work / "learned.h5") as learned:
            for name in ("row", "column"):
                self.assertEqual(fixed["receptive_fields"][name][()].tolist(),
                                 learned["receptive_fields"][name][()].tolist())
            moved = learned["receptive_fields/filters"][()] - fixed["receptive_fields/filters"][()]
            self.assertGreater(np.abs(moved).max(), 1e-3)

    def test_has_the_paper_s_names(self):
        for options, patch, name in ((BACKPROP, 4, "l-bp"), (BACKPROP, 8, "bp"), (ALIGNMENT, 4, "l-fa"),
                                     (ALIGNMENT, 8, "fa")):
            figures = self.succeed_json("train", "rate.toml", *options, *settings(f"hidden.patch={patch}"), "-o",
                                        "run.h5")
            self.assertEqual(figures["model"], name)
            self.assertGreater(figures["test_accuracy"], 60.0)  # chance is 33


class Angle(ProgramTestCase):
    def test_is_in_the_learning_curve_of_feedback_alignment_only(self):
        self.succeed("train", "rate.toml", *ALIGNMENT, "-o", "fa.h5")
        self.succeed("train", "rate.toml", *BACKPROP, "-o", "bp.h5")
        with h5py.File(self.work / "fa.h5") as file:
            angles = file["metrics/feedback_angle_deg"][()]
            self.assertEqual(len(angles), len(file["metrics/images"]))
            self.assertTrue(((angles > 0) & (angles < 180)).all(), angles)
            self.assertEqual(file["feedback/hidden"].shape, (3, 60))
        with h5py.File(self.work / "bp.h5") as file:
            self.assertNotIn("feedback_angle_deg", file["metrics"])


class Divergence(ProgramTestCase):
    def test_stops_with_the_last_good_state_and_names_the_learning_rate(self):
        for options in (BACKPROP, settings("hidden.kind=gabor")):
            arguments = ["train", "rate.toml", *options, "-o", "run.h5", "--checkpoint-every", "40"]
            outcome = self.run_program(*arguments, *settings("training.learning_rate=30"))
            self.assert_refused(outcome, EXIT_FAILED, "training.learning_rate = 30", "run.h5.checkpoint")
            self.assertIn("run.h5.checkpoint", self.names_in())
            self.assertNotIn("run.h5", self.names_in())
            with h5py.File(self.work / "run.h5.checkpoint") as file:
                for name in ("weights/readout/final", "receptive_fields/filters"):
                    self.assertTrue(np.isfinite(file[name][()]).all())
            self.succeed("test", "run.h5.checkpoint")
            (self.work / "run.h5.checkpoint").unlink()


class RunawayHebb(ProgramTestCase):
    """Hebb's rule has no bound of its own."""

    def refuse(self, *changes, rate="0.01"):
        outcome = self.run_program("train", "rate.toml", "-o", "run.h5", "--checkpoint-every", "40",
                                   *settings("hidden.kind=random", "hidden.rule=hebb", *changes))
        self.assert_refused(outcome, EXIT_FAILED, f"training.learning_rate = {rate}", "run.h5.checkpoint")
        self.assertIn("run.h5.checkpoint", self.names_in())
        self.assertNotIn("run.h5", self.names_in())
        with h5py.File(self.work / "run.h5.checkpoint") as file:
            file.visititems(lambda name, item: self.assert_finite(name, item))
        self.succeed("test", "run.h5.checkpoint")
        return outcome.stderr

    def assert_finite(self, name, item):
        # What is not known of the learning curve is not a number, so its columns say nothing about the weights.
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and not name.startswith("metrics/"):
            self.assertTrue(np.isfinite(item[()]).all(), name)

    def test_stops_with_the_last_good_state(self):
        for batch in (1, 8):
            message = self.refuse("hidden.learning_rate_factor=1e4", f"training.batch={batch}")
            self.assertIn("the network diverged", message)
            (self.work / "run.h5.checkpoint").unlink()

    def test_of_the_last_update_is_not_written(self):
        # Weights overflow in the very update whose answers were still good: a run file would hold them.
        def train(images):
            return ["hidden.learning_rate_factor=1e6", "training.learning_rate=1e6", "readout.rule=fixed",
                    "readout.loss=cross-entropy", f"training.epochs={images / TRAIN}"]

        message = self.refuse(*train(5), rate="1000000")
        self.assertIn("has values that are not finite", message)
        (self.work / "run.h5.checkpoint").unlink()
        self.succeed("train", "rate.toml", *settings("hidden.kind=random", "hidden.rule=hebb", *train(4)), "-o",
                     "run.h5")

    def test_that_shows_late_leaves_what_was_good_until_then(self):
        # Hidden answers grow until the readout, thrown to and fro, falls silent; before, checkpoints were written.
        message = self.refuse("hidden.learning_rate_factor=20")
        self.assertIn("the last good state, after", message)
        self.assertNotIn("the last good state, after 0 images", message)


class Curve(ProgramTestCase):
    COLUMNS = ("loss", "hidden_update_angle_deg", "hidden_feedback_angle_deg", "hidden_largest_weight",
               "hidden_dead_units")

    def columns(self, *changes):
        self.succeed("train", "rate.toml", "-o", "run.h5", *settings("hidden.kind=random", *changes))
        with h5py.File(self.work / "run.h5") as file:
            metrics = {name: column[()] for name, column in file["metrics"].items()}
        for name in self.COLUMNS:
            self.assertEqual(len(metrics[name]), len(metrics["images"]), name)
        return metrics

    def test_says_how_the_layers_of_the_general_form_learn(self):
        metrics = self.columns("hidden.rule=feedback-alignment", "training.batch=8")
        for name in self.COLUMNS:
            self.assertTrue(np.isfinite(metrics[name]).all(), name)
        for name in ("hidden_update_angle_deg", "hidden_feedback_angle_deg"):
            self.assertTrue(((metrics[name] > 0) & (metrics[name] < 180)).all(), metrics[name])
        self.assertTrue((metrics["loss"] > 0).all())
        self.assertTrue((metrics["readout_update_angle_deg"] < 0.1).all())  # it learns as backpropagation has it
        self.assertTrue(((metrics["hidden_dead_units"] >= 0) & (metrics["hidden_dead_units"] <= 60)).all())
        with h5py.File(self.work / "run.h5") as file:
            largest = np.abs(file["receptive_fields/filters"][()]).max()
        self.assertEqual(metrics["hidden_largest_weight"][-1], np.float64(largest))

    def test_has_no_feedback_angle_where_there_is_no_feedback(self):
        metrics = self.columns("hidden.rule=backprop", "training.batch=8")
        self.assertTrue(np.isnan(metrics["hidden_feedback_angle_deg"]).all())
        self.assertTrue((metrics["hidden_update_angle_deg"] < 0.1).all())

    def test_counts_units_that_never_answered(self):
        metrics = self.columns("hidden.rule=backprop", "training.batch=8", "hidden.threshold=1e3")
        self.assertEqual(metrics["hidden_dead_units"].tolist(), [60.0] * len(metrics["images"]))


class Settings(ProgramTestCase):
    def test_that_mean_nothing_are_refused(self):
        for changes, words in ((["hidden.rule=backprop", "hidden.feedback_scale=1"], ["hidden.feedback_scale"]),
                               (["hidden.learning_rate_factor=2"], ["hidden.learning_rate_factor", "hidden.rule"]),
                               (["hidden.rule=bakprop"], ["did you mean 'backprop'?"]),
                               (["readout.loss=hinge"], ["readout.loss"])):
            outcome = self.run_program("train", "rate.toml", "-o", "run.h5", *settings(*changes))
            self.assert_refused(outcome, EXIT_USAGE, *words)
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", *settings("hidden.rule=backprop"))
        self.assert_refused(outcome, EXIT_USAGE, "hidden.rule", "model")


if __name__ == "__main__":
    main()
