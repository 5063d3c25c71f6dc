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
