"""A run that is stopped and resumed gives the same bits as one that is not."""

import json
import random
import shutil
import signal
import time

import h5py
from harness import EXIT_CHECKPOINT, EXIT_DATA, ProgramTestCase, Running, contents, main, settings, wait_until

# The sizes are for about a second of training, so that signals find the program at work.
VARIANTS = {
    "spiking float": ("spiking.toml", ["training.epochs=40"], 600),
    "spiking double": ("spiking.toml", ["training.epochs=18", "engine.precision=double"], 250),
    "reference engine": ("spiking.toml", ["training.epochs=6", "engine.kind=reference"], 80),
    "rate": ("rate.toml", ["training.epochs=4000"], 60000),
    "feedback alignment": ("rate.toml", ["training.epochs=900", "hidden.kind=random", "training.learning_rate_decay=10",
                                         "hidden.rule=feedback-alignment"], 10000),
}
RECORD = ["--record", "all@both:3:end:53"]


class StoppedAndResumed(ProgramTestCase):
    def stop(self, arguments, number, dice):
        """Starts a run, lets it write at least one new checkpoint, and stops it somewhere after that."""
        checkpoint = self.work / "stopped.h5.checkpoint"

        def stamp():
            return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0

        before = stamp()
        program = Running(*arguments, cwd=self.work)
        wait_until(lambda: stamp() != before or program.process.poll() is not None, "a checkpoint")
        time.sleep(dice.uniform(0.0, 0.1))
        self.assertIsNone(program.process.poll(), "the run ended before it could be stopped; make it longer")
        program.send(number)
        return program.finish()

    def check_variant(self, variant, signals):
        config, changes, interval = VARIANTS[variant]
        # The rate network has no spikes; its trials at this rate would fill the disk.
        record = RECORD if config == "spiking.toml" else ["--record", "all@test:0:end"]
        arguments = ["train", config, *settings(*changes), *record]
        self.succeed(*arguments, "-o", "whole.h5")
        dice = random.Random(variant)
        resumable = [*arguments, "-o", "stopped.h5", "--resume", "--checkpoint-every", interval]
        for number, code in signals:
            outcome = self.stop([*resumable, "--threads", dice.choice([1, 2, 4])], number, dice)
            self.assertEqual(outcome.code, code, outcome.stderr)
            self.assertEqual(outcome.stdout, "")
            self.assertFalse((self.work / "stopped.h5").exists())
            if code > 0:
                self.assertIn("stopped after", outcome.stderr)
                self.assertIn("--resume", outcome.stderr)
        outcome = self.succeed(*resumable)
        self.assertIn("resuming after", outcome.stderr)
        self.assert_same_run(self.work / "whole.h5", self.work / "stopped.h5")
        self.assertEqual([name for name in self.names_in() if name.startswith("stopped")], ["stopped.h5"])

    def test_spiking_float(self):
        self.check_variant("spiking float", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])

    def test_spiking_float_that_is_killed(self):
        self.check_variant("spiking float", [(signal.SIGKILL, -9), (signal.SIGKILL, -9)])

    def test_spiking_double(self):
        self.check_variant("spiking double", [(signal.SIGKILL, -9), (signal.SIGINT, 130)])

    def test_reference_engine(self):
        self.check_variant("reference engine", [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])

    def test_rate(self):
        self.check_variant("rate", [(signal.SIGINT, 130), (signal.SIGKILL, -9)])


    def test_feedback_alignment(self):
        self.check_variant("feedback alignment", [(signal.SIGINT, 130), (signal.SIGKILL, -9)])


class OutOfTime(ProgramTestCase):
    def test_stops_with_a_checkpoint_after_any_chunk_of_images(self):
        short = "training.epochs=0.7"
        for config, extra in (("spiking.toml", [short]), ("spiking.toml", [short, "engine.precision=double"]),
                              ("spiking.toml", [short, "protocol.carry_over=false"]),
                              ("spiking.toml", ["training.epochs=1.1", "training.sampling=with-replacement",
                                                "training.learning_rate_decay=10"]),
                              ("rate.toml", ["training.epochs=10"]),
                              ("rate.toml", ["training.epochs=13", "hidden.rule=backprop"])):
            with self.subTest(config=config, extra=extra):
                arguments = ["train", config, *settings(*extra), *RECORD]
                self.succeed(*arguments, "-o", "whole.h5")
                stops = 0
                while True:
                    # Such intervals cut the chunks differently from the uninterrupted run's.
                    outcome = self.succeed(*arguments, "-o", "cut.h5", "--resume", "--max-time", "1e-9", "--json",
                                           "--checkpoint-every", 71 + 37 * stops)
                    figures = json.loads(outcome.stdout)
                    if figures["complete"]:
                        break
                    stops += 1
                    self.assertNotIn("test_accuracy", figures)
                    self.assertEqual(figures["output"], "cut.h5.checkpoint")
                    self.assertIn("time is up", outcome.stderr)
                    self.assertFalse((self.work / "cut.h5").exists())
                self.assertGreaterEqual(stops, 10)
                self.assert_same_run(self.work / "whole.h5", self.work / "cut.h5")
            for path in self.work.glob("cut.h5*"):
                path.unlink()

    def test_max_time_is_kept_to_within_a_second(self):
        start = time.monotonic()
        figures = self.succeed_json("train", "spiking.toml", "-o", "run.h5", *settings("training.epochs=5000"),
                                    "--max-time", "0.5")
        self.assertLess(time.monotonic() - start, 5.0)
        self.assertFalse(figures["complete"])
        self.assertGreaterEqual(figures["training_seconds"], 0.5)
        self.assertLess(figures["training_seconds"], 1.5)


class SecondSignal(ProgramTestCase):
    def test_stops_at_once(self):
        # Sixteen images take minutes here, so the first signal alone can't end it in time.
        program = Running("train", "spiking.toml", "-o", "run.h5",
                          *settings("hidden.size=100000", "engine.kind=reference", "input.gain_mV=4000"),
                          cwd=self.work)
        program.ready_for_signals()
        program.send(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(program.process.poll())
        start = time.monotonic()
        program.send(signal.SIGINT)
        outcome = program.finish()
        self.assertLess(time.monotonic() - start, 2.0)
        self.assertEqual(outcome.code, 130)
        self.assertIn("again", outcome.stderr)
        self.assertNotIn("run.h5", self.names_in())


class SignalWhileTesting(ProgramTestCase):
    # Long presentations: a second or so for all test images, of which 64 are shown between two looks at signals.
    slow = settings("protocol.test_ms=40000", "protocol.count_ms=100")

    def stop(self, sign, number, *arguments):
        """Stops the program once the file `sign` is there, which it is when the testing begins."""
        program = Running(*arguments, cwd=self.work)
        wait_until(lambda: (self.work / sign).exists() or program.process.poll() is not None, sign)
        program.send(number)
        return program.finish()

    def interrupt(self, sign, *arguments):
        outcome = self.stop(sign, signal.SIGINT, *arguments)
        self.assertEqual(outcome.code, 130, outcome.stderr)
        self.assertEqual(outcome.stdout, "")
        return outcome

    def check_resumed(self, *arguments):
        self.assertNotIn("run.h5", self.names_in())
        self.assertIn("run.h5.checkpoint", self.names_in())
        self.succeed(*arguments, "-o", "run.h5", "--resume")
        self.succeed(*arguments, "-o", "whole.h5")
        self.assert_same_run(self.work / "run.h5", self.work / "whole.h5")
        self.assertEqual([name for name in self.names_in() if name.startswith("run.")], ["run.h5"])

    def test_of_a_trained_network_keeps_the_checkpoint(self):
        arguments = ["train", "spiking.toml", *self.slow]
        self.interrupt("run.h5.part", *arguments, "-o", "run.h5")
        self.assertNotIn("run.h5.part", self.names_in())
        self.check_resumed(*arguments)

    def test_of_a_recorded_training_leaves_the_recording_as_the_checkpoint_knows_it(self):
        for deflate in (0, 4):
            arguments = ["train", "spiking.toml", *self.slow, *settings(f"record.deflate={deflate}"),
                         "--record", "readout@both:0:end"]
            self.interrupt("run.h5.checkpoint", *arguments, "-o", "run.h5")
            with h5py.File(self.work / "run.h5.checkpoint") as checkpoint:
                size = int(checkpoint["recording/size"][0])
            self.assertEqual((self.work / "run.h5.recording").stat().st_size, size)
            self.check_resumed(*arguments)
            (self.work / "run.h5").unlink()

    def test_that_is_killed_loses_nothing_of_the_training(self):
        arguments = ["train", "spiking.toml", *self.slow, "--record", "readout@both:0:end"]
        self.assertEqual(self.stop("run.h5.checkpoint", signal.SIGKILL, *arguments, "-o", "run.h5").code, -9)
        for wait in (0.1, 0.3):
            program = Running(*arguments, "-o", "run.h5", "--resume", "--threads", "1", cwd=self.work)
            time.sleep(wait)
            program.send(signal.SIGKILL)
            self.assertEqual(program.finish().code, -9)
        self.check_resumed(*arguments)

    def test_of_the_test_command_writes_nothing(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        outcome = self.interrupt("test.h5.part", "test", "run.h5", "-o", "test.h5", *self.slow)
        self.assertIn("nothing was written", outcome.stderr)
        self.assertNotIn("test.h5.part", self.names_in())
        self.assertNotIn("test.h5", self.names_in())


class TwoRunsAtOnce(ProgramTestCase):
    def test_of_the_same_name_do_not_damage_the_result(self):
        for record in ("all@test:0:end", "all@both:0:end"):
            with self.subTest(record=record):
                (self.work / "run.h5").unlink(missing_ok=True)
                arguments = ["train", "spiking.toml", *settings("training.epochs=8"), "--checkpoint-every", "100",
                             "--record", record, "-o", "run.h5"]
                runs = [Running(*arguments, cwd=self.work) for _ in range(2)]
                outcomes = [run.finish() for run in runs]
                self.assertIn(0, [outcome.code for outcome in outcomes], outcomes)
                self.succeed(*arguments[:-1], "alone.h5")
                self.assert_same_run(self.work / "run.h5", self.work / "alone.h5")


class ResumeOption(ProgramTestCase):
    def start(self, *extra, config="spiking.toml"):
        """A run that has a checkpoint and is not complete."""
        self.succeed("train", config, "-o", "run.h5", "--max-time", "1e-9", *extra)
        self.assertIn("run.h5.checkpoint", self.names_in())

    def test_may_be_given_on_the_first_run(self):
        self.succeed("train", "spiking.toml", "-o", "resumed.h5", "--resume")
        self.succeed("train", "spiking.toml", "-o", "plain.h5")
        self.assert_same_run(self.work / "resumed.h5", self.work / "plain.h5")

    def test_of_a_complete_run_says_so_and_changes_nothing(self):
        first = self.succeed_json("train", "spiking.toml", "-o", "run.h5")
        before = (self.work / "run.h5").read_bytes()
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume", "--json")
        self.assertIn("complete already", outcome.stderr)
        self.assertEqual(json.loads(outcome.stdout), first)
        self.assertEqual((self.work / "run.h5").read_bytes(), before)

    def test_with_another_configuration_is_refused_and_names_the_keys(self):
        self.start()
        checkpoint = (self.work / "run.h5.checkpoint").read_bytes()
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume",
                                   *settings("hidden.size=61", "training.epochs=2"), "--seed", "6")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "run.h5.checkpoint", "hidden.size: 60 -> 61",
                            "training.epochs: 1.0 -> 2.0", "seed: 5 -> 6")
        self.assertEqual((self.work / "run.h5.checkpoint").read_bytes(), checkpoint)
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume")

    def test_of_a_complete_run_of_another_configuration_is_refused_and_names_the_keys(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume",
                                   *settings("hidden.size=61", "hidden.scale=41"))
        self.assert_refused(outcome, EXIT_CHECKPOINT, "hidden.size: 60 -> 61", "hidden.scale: 40.0 -> 41.0")

    def test_may_change_what_does_not_concern_the_training(self):
        self.start()
        figures = self.succeed_json("train", "spiking.toml", "-o", "run.h5", "--resume",
                                    *settings("test.images=20", "name=other"))
        self.assertEqual((figures["test_images"], figures["name"]), (20, "other"))

    def test_with_other_recorded_populations_is_refused_before_the_training(self):
        self.start("--record", "hidden@train:0:end")
        for record in ("all@train:0:end", "readout@both:0:end", "hidden@test:0:end"):
            outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume", "--record", record)
            self.assert_refused(outcome, EXIT_CHECKPOINT, "record", "hidden")
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume", "--record", "hidden@both:0:end")

    def test_with_a_recording_that_is_gone_is_refused(self):
        self.start("--record", "hidden@train:0:end")
        (self.work / "run.h5.recording").unlink()
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume", "--record",
                                   "hidden@train:0:end")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "run.h5.recording")

    def test_with_the_recording_of_another_checkpoint_or_run_is_refused(self):
        record = ("--record", "hidden@train:0:end")
        names = ("run.h5.checkpoint", "run.h5.recording")
        self.start(*record)
        for name in names:
            shutil.copy(self.work / name, self.work / f"first.{name}")
        for seconds in ("1e-9", "1e-9"):
            self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume", "--max-time", seconds, *record)
        newer = (self.work / "run.h5.recording").read_bytes()
        shutil.copy(self.work / "first.run.h5.checkpoint", self.work / "run.h5.checkpoint")
        arguments = ("train", "spiking.toml", "-o", "run.h5", "--resume", *record)
        outcome = self.run_program(*arguments)
        self.assert_refused(outcome, EXIT_CHECKPOINT, "run.h5.recording", "another checkpoint of this run")
        self.assertEqual((self.work / "run.h5.recording").read_bytes(), newer)
        shutil.copy(self.work / "first.run.h5.recording", self.work / "run.h5.recording")
        self.succeed("train", "spiking.toml", "-o", "other.h5", "--max-time", "1e-9", *record)
        shutil.copy(self.work / "other.h5.recording", self.work / "run.h5.recording")
        self.assert_refused(self.run_program(*arguments), EXIT_CHECKPOINT, "run.h5.recording", "another run")
        shutil.copy(self.work / "first.run.h5.recording", self.work / "run.h5.recording")
        self.succeed(*arguments)
        self.succeed("train", "spiking.toml", "-o", "plain.h5", *record)
        self.assert_same_run(self.work / "run.h5", self.work / "plain.h5")

    def test_after_a_kill_between_the_run_file_and_the_checkpoint_finds_the_run_complete(self):
        record = ("--record", "hidden@both:0:end")
        self.start(*record)
        shutil.copy(self.work / "run.h5.checkpoint", self.work / "kept")
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume", *record)
        before = (self.work / "run.h5").read_bytes()
        shutil.copy(self.work / "kept", self.work / "run.h5.checkpoint")
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume", *record)
        self.assert_refused(outcome, EXIT_CHECKPOINT, "run.h5.recording")
        with h5py.File(self.work / "run.h5.checkpoint", "r+") as checkpoint:
            checkpoint["recording/complete"] = [1]
        self.succeed("train", "spiking.toml", "-o", "other.h5", *record)
        shutil.copy(self.work / "run.h5", self.work / "run")
        shutil.copy(self.work / "other.h5", self.work / "run.h5")
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume", *record)
        self.assert_refused(outcome, EXIT_CHECKPOINT, "run.h5.recording")
        shutil.copy(self.work / "run", self.work / "run.h5")
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume", *record)
        self.assertIn("complete already", outcome.stderr)
        self.assertNotIn("run.h5.checkpoint", self.names_in())
        self.assertEqual((self.work / "run.h5").read_bytes(), before)

    def test_of_a_test_file_is_refused(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.succeed("test", "run.h5", "-o", "test.h5")
        outcome = self.run_program("train", "spiking.toml", "-o", "test.h5", "--resume")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "test.h5")

    def test_of_a_damaged_checkpoint_is_refused(self):
        self.start()
        path = self.work / "run.h5.checkpoint"
        path.write_bytes(path.read_bytes()[:-2000])
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume")
        self.assert_refused(outcome, EXIT_DATA, "run.h5.checkpoint")

    def test_of_a_run_file_in_place_of_the_checkpoint_is_refused(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        (self.work / "run.h5").rename(self.work / "run.h5.checkpoint")
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--resume")
        self.assert_refused(outcome, EXIT_CHECKPOINT, "run.h5.checkpoint")

    def test_is_needed_to_continue(self):
        self.start()
        checkpoint = contents(self.work / "run.h5.checkpoint")
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assertIn("run.h5.checkpoint.bak", outcome.stderr)
        self.assertEqual(contents(self.work / "run.h5.checkpoint.bak"), checkpoint)
        self.succeed("train", "spiking.toml", "-o", "plain.h5")
        self.assert_same_run(self.work / "run.h5", self.work / "plain.h5")

    def test_of_a_run_that_was_set_aside_goes_on_with_it(self):
        record = ("--record", "hidden@train:0:end")
        self.start(*record)
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5", *record)
        for name in ("run.h5.checkpoint", "run.h5.recording"):
            self.assertIn(f"{name}.bak", outcome.stderr)
            (self.work / f"{name}.bak").rename(self.work / name)
        (self.work / "run.h5").rename(self.work / "plain.h5")
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5", "--resume", *record)
        self.assertIn("resuming after", outcome.stderr)
        self.assert_same_run(self.work / "run.h5", self.work / "plain.h5")

    def test_does_not_leave_the_recording_of_a_run_without_a_checkpoint(self):
        self.start("--record", "hidden@train:0:end")
        (self.work / "run.h5.checkpoint").unlink()
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assertEqual([name for name in self.names_in() if name.startswith("run.")], ["run.h5"])


if __name__ == "__main__":
    main()
