"""The figures of train and test, and the progress that train shows."""

import json
import os
import pty
import re
import subprocess

import h5py
from harness import (EXIT_DATA, EXIT_DONE, EXIT_USAGE, PROGRAM, TEST, TRAIN, ProgramTestCase, idx_images, idx_labels,
                     main, settings, write_dataset)

NUMBER = (int, float)
RESULT_KEYS = {
    "name": str, "dataset": str, "model": str, "hidden": int, "seed": int, "epochs": NUMBER, "images_trained": int,
    "training_seconds": NUMBER, "ms_per_image": NUMBER, "test_accuracy": NUMBER, "test_images": int,
    "spikes_per_image": dict, "synaptic_events": int, "synaptic_events_per_second": NUMBER, "threads": int,
    "version": str,
}


class Train(ProgramTestCase):
    def check_keys(self, figures, keys):
        for key, kind in keys.items():
            self.assertIn(key, figures)
            self.assertIsInstance(figures[key], kind, key)
            self.assertNotIsInstance(figures[key], bool, key)

    def check_figures(self, figures):
        self.check_keys(figures, RESULT_KEYS)
        for key in ("training_seconds", "ms_per_image", "synaptic_events", "synaptic_events_per_second", "threads"):
            self.assertGreater(figures[key], 0, key)
        self.assertAlmostEqual(figures["ms_per_image"], 1e3 * figures["training_seconds"] / figures["images_trained"])
        self.assertAlmostEqual(figures["synaptic_events_per_second"],
                               figures["synaptic_events"] / figures["training_seconds"], delta=1.0)
        self.assertGreater(figures["test_accuracy"], 50.0)  # chance is 33
        self.assertLessEqual(figures["test_accuracy"], 100.0)
        self.assertEqual(figures["test_images"], TEST)

    def test_prints_the_figures_of_a_spiking_run_as_json(self):
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5", "--json", "--threads", "1")
        figures = json.loads(outcome.stdout)
        self.check_figures(figures)
        self.assertEqual((figures["name"], figures["dataset"], figures["model"], figures["coding"]),
                         ("tiny", "tiny", "l-rg", "spiking"))
        self.assertEqual((figures["hidden"], figures["seed"], figures["epochs"], figures["images_trained"]),
                         (60, 5, 1.0, TRAIN))
        self.assertEqual((figures["threads"], figures["output"]), (1, "run.h5"))
        self.assertEqual(set(figures["spikes_per_image"]), {"input", "hidden", "readout"})
        for count in figures["spikes_per_image"].values():
            self.assertGreater(count, 0.0)
        # 60 patches of 16 pixels; every hidden spike reaches three readout neurons.
        spikes = figures["spikes_per_image"]
        events = figures["synaptic_events"] / TRAIN
        self.assertGreater(events, 3 * spikes["hidden"])
        self.assertLess(events, 60 * spikes["input"] + 3 * spikes["hidden"] + 3)

    def test_prints_the_figures_of_a_rate_run_as_json(self):
        figures = self.succeed_json("train", "rate.toml", "-o", "run.h5")
        self.check_figures(figures)
        self.assertEqual((figures["name"], figures["model"], figures["coding"], figures["images_trained"]),
                         ("tiny-rate", "l-rg", "rate", 3 * TRAIN))
        self.assertEqual(figures["spikes_per_image"], {})
        self.assertEqual(figures["synaptic_events"], 3 * TRAIN * (60 * 16 + 60 * 3))

    def test_names_each_network_of_the_paper(self):
        for config, changes, name in (
                ("rate.toml", ["hidden.kind=random"], "l-rp"), ("rate.toml", ["hidden.patch=8"], "rg"),
                ("rate.toml", ["hidden.kind=random", "hidden.patch=8"], "rp"),
                ("spiking.toml", ["hidden.kind=random", "hidden.scale=40"], "l-rp")):
            self.assertEqual(self.succeed_json("train", config, "-o", "run.h5", *settings(*changes))["model"], name)
        self.write("sp.toml", 'model = "rate"\n[dataset]\nname = "tiny"\ndirectory = "DATA"\n'
                              '[hidden]\nkind = "none"\n[training]\nlearning_rate = 1e-2\n')
        figures = self.succeed_json("train", "sp.toml", "-o", "run.h5")
        self.assertEqual((figures["model"], figures["name"]), ("sp", "sp"))

    def test_prints_text_without_json_and_says_where_the_file_is(self):
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assertRegex(outcome.stdout, r"test +\d+\.\d\d % of 90 images \(95 % interval")
        self.assertIn("run.h5", outcome.stdout)

    def test_writes_to_runs_by_default_and_makes_folders(self):
        self.succeed("train", "spiking.toml")
        self.assertEqual(self.names_in("runs"), ["tiny-seed5.h5"])
        self.succeed("train", "spiking.toml", "-o", "a/b/c.h5")
        self.assertEqual(self.names_in("a/b"), ["c.h5"])

    def test_leaves_nothing_but_the_run_file(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all@both:0:end", "--checkpoint-every", "50")
        self.assertEqual(self.names_in(), ["rate.toml", "run.h5", "spiking.toml"])

    def test_takes_the_seed_from_the_command_line(self):
        self.assertEqual(self.succeed_json("train", "rate.toml", "-o", "run.h5", "--seed", "17")["seed"], 17)

    def test_takes_fractions_of_an_epoch_and_a_limit_of_test_images(self):
        figures = self.succeed_json("train", "rate.toml", "-o", "run.h5",
                                    *settings("training.epochs=1.25", "test.images=7"))
        self.assertEqual((figures["images_trained"], figures["test_images"]), (300, 7))

    def test_reads_compressed_data_and_the_data_root(self):
        write_dataset(self.work / "root" / "mnist", compressed=True)
        text = (self.work / "rate.toml").read_text()
        text = re.sub(r'name = "tiny"\n', "", re.sub(r"directory = .*\n", "", text))
        self.write("mnist.toml", text)
        environment = {**os.environ, "SHALLOWS_DATA": str(self.work / "root")}
        figures = json.loads(self.succeed("train", "mnist.toml", "-o", "a.h5", "--json", env=environment).stdout)
        plain = self.succeed_json("train", "rate.toml", "-o", "b.h5")
        self.assertEqual(figures["dataset"], "mnist")
        self.assertEqual(figures["test_accuracy"], plain["test_accuracy"])
        self.assert_same_arrays("a.h5", "b.h5")

    def assert_same_arrays(self, a, b):
        with h5py.File(self.work / a) as first, h5py.File(self.work / b) as second:
            for name in ("weights/readout/final", "trials/scores"):
                self.assertEqual(first[name][()].tobytes(), second[name][()].tobytes())

    def test_takes_a_user_s_own_files(self):
        data = self.home / "tiny"
        figures = self.succeed_json(
            "train", "rate.toml", "-o", "run.h5",
            *settings("dataset.name=mine", 'dataset.directory=""',
                      f"dataset.images={data}/train-images-idx3-ubyte",
                      f"dataset.labels={data}/train-labels-idx1-ubyte",
                      f"dataset.test_images={data}/t10k-images-idx3-ubyte",
                      f"dataset.test_labels={data}/t10k-labels-idx1-ubyte"))
        self.assertEqual(figures["dataset"], "mine")
        self.succeed("train", "rate.toml", "-o", "plain.h5")
        self.assert_same_arrays("run.h5", "plain.h5")

    def test_does_without_test_images(self):
        data = self.home / "tiny"
        figures = self.succeed_json(
            "train", "rate.toml", "-o", "run.h5",
            *settings("dataset.name=mine", f"dataset.images={data}/train-images-idx3-ubyte",
                      f"dataset.labels={data}/train-labels-idx1-ubyte", "dataset.validation=40"))
        self.assertNotIn("test_accuracy", figures)
        self.assertEqual((figures["validation_images"], figures["images_trained"]), (40, 600))
        self.assert_refused(self.run_program("compare", "run.h5"), EXIT_DATA, "run.h5", "no test result")
        self.assert_refused(self.run_program("test", "run.h5"), EXIT_USAGE, "no test images")

    def test_prints_no_progress_when_it_is_quick_and_stderr_is_no_terminal(self):
        self.assertEqual(self.succeed("train", "spiking.toml", "-o", "run.h5").stderr, "")

    def test_prints_a_line_of_progress_every_ten_seconds_when_stderr_is_no_terminal(self):
        outcome = self.succeed("train", "spiking.toml", "-o", "run.h5", *settings("training.epochs=100000"),
                               "--max-time", "10.5")
        lines = [line for line in outcome.stderr.splitlines() if not line.startswith("shallows: ")]
        self.assertEqual(len(lines), 1, outcome.stderr)
        self.assertRegex(lines[0], r"^train +\d+ %  \d+ of 24000000 images  \d+ images/s  [\d:]+( s)? left")

    def on_a_terminal(self, *arguments):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.work, stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                block = os.read(ours, 4096)
            except OSError:  # the terminal is gone with the program
                break
            if not block:
                break
            shown += block
        stdout = process.communicate()[0]
        os.close(ours)
        self.assertEqual(process.returncode, EXIT_DONE)
        return stdout.decode(), shown.decode()

    def test_shows_a_bar_with_rate_and_time_left_on_a_terminal(self):
        stdout, shown = self.on_a_terminal("train", "spiking.toml", "-o", "run.h5", "--json")
        self.assertEqual(json.loads(stdout)["images_trained"], TRAIN)
        self.assertRegex(shown, r"train \[#+\] 100 %  240 of 240 images  \d+ images/s  0 s left")
        self.assertIn("test [", shown)
        for split in ("train", "validation", "test"):
            _, shown = self.on_a_terminal("test", "run.h5", "--split", split, "--allow-seen-images", "--set",
                                          "dataset.validation=40")
            self.assertIn(f"{split} [", shown)

    def test_is_quiet_on_request(self):
        for option in ("--quiet", "-q"):
            stdout, shown = self.on_a_terminal("train", "spiking.toml", "-o", f"run{option}.h5", option)
            self.assertIn(f"run{option}.h5", stdout)
            self.assertEqual(shown, "")


class Test(ProgramTestCase):
    def train(self, config, *changes):
        return self.succeed_json("train", config, "-o", "run.h5", *settings("dataset.validation=40", *changes))

    def test_finds_the_accuracies_that_train_reported(self):
        for config, changes in (("spiking.toml", []), ("rate.toml", []), ("spiking.toml", ["engine.kind=reference"]),
                                ("spiking.toml", ["engine.precision=double"]),
                                ("spiking.toml", ["protocol.test_carry_over=true"]),
                                ("spiking.toml", ["dataset.mean=own-mean-test"]),
                                ("spiking.toml", ["protocol.carry_over=false"])):
            with self.subTest(config=config, changes=changes):
                trained = self.train(config, *changes)
                tested = self.succeed_json("test", "run.h5")
                for key in ("test_accuracy", "test_correct", "test_images", "test_spikes_per_image",
                            "test_synaptic_operations_per_image", "images_trained", "name", "hidden", "seed"):
                    self.assertEqual(tested[key], trained[key], key)
                self.assertIsNone(tested["output"])
                validated = self.succeed_json("test", "run.h5", "--split", "validation")
                self.assertEqual(validated["validation_accuracy"], trained["validation_accuracy"])
                self.assertEqual(validated["validation_images"], 40)
                self.assertNotIn("test_accuracy", validated)
                on_train = self.succeed_json("test", "run.h5", "--split", "train")
                self.assertEqual(on_train["train_images"], TRAIN - 40)
                self.assertGreater(on_train["train_accuracy"], 45.0)

    def test_prints_every_key_of_the_result(self):
        self.train("spiking.toml")
        figures = self.succeed_json("test", "run.h5", "-o", "test.h5")
        for key, kind in {**RESULT_KEYS, "output": str}.items():
            self.assertIsInstance(figures[key], kind, key)
        self.assertEqual(figures["output"], "test.h5")

    def test_writes_a_test_file_with_the_same_trials(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all@test:0:end")
        self.succeed("test", "run.h5", "-o", "test.h5")
        with h5py.File(self.work / "run.h5") as run, h5py.File(self.work / "test.h5") as test:
            self.assertEqual(test.attrs["kind"], "test")
            for name in ("label", "predicted", "scores", "sample", "offsets_hidden"):
                self.assertEqual(run["trials"][name][()].tobytes(), test["trials"][name][()].tobytes(), name)
            self.assertEqual(run["spikes/hidden/node_ids"][()].tobytes(), test["spikes/hidden/node_ids"][()].tobytes())
            self.assertEqual(run["evaluation/test_confusion"][()].tobytes(),
                             test["evaluation/test_confusion"][()].tobytes())

    def test_takes_the_first_images_only_on_request(self):
        self.train("spiking.toml")
        self.assertEqual(self.succeed_json("test", "run.h5", *settings("test.images=50"))["test_images"], 50)

    def test_refuses_settings_that_would_change_the_network(self):
        self.train("spiking.toml")
        for setting in ("hidden.size=61", "seed=6", "neuron.tau_ms=20", "training.epochs=2", "model=rate",
                        "hidden.patch=5"):
            self.assert_refused(self.run_program("test", "run.h5", "--set", setting), EXIT_USAGE,
                                setting.split("=")[0])
        self.assert_refused(self.run_program("test", "run.h5", "--set", "test.image=5"), EXIT_USAGE,
                            "did you mean 'test.images'?")

    def test_allows_settings_of_the_test(self):
        self.train("spiking.toml")
        self.succeed("test", "run.h5", *settings("protocol.test_ms=150", "protocol.count_ms=50", "record.trials=0:2",
                                                 f"dataset.directory={self.home}/tiny"))

    def test_refuses_a_split_that_is_not_there(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assert_refused(self.run_program("test", "run.h5", "--split", "validation"), EXIT_USAGE,
                            "dataset.validation is 0")

    def test_refuses_images_of_another_shape_or_with_more_classes(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        for name, side, classes in (("large", 9, 3), ("many", 8, 5)):
            other = self.work / name
            other.mkdir()
            for prefix in ("train", "t10k"):
                (other / f"{prefix}-images-idx3-ubyte").write_bytes(idx_images([bytes(side * side)] * 10, side))
                (other / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_labels([k % classes for k in range(10)]))
            outcome = self.run_program("test", "run.h5", "--set", f"dataset.directory={other}")
            self.assert_refused(outcome, EXIT_DATA, "other images")

    def test_tests_a_checkpoint(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--max-time", "1e-9")
        figures = self.succeed_json("test", "run.h5.checkpoint")
        self.assertEqual((figures["images_trained"], figures["test_images"]), (16, TEST))

    def test_does_not_write_over_the_run(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        before = (self.work / "run.h5").read_bytes()
        self.assert_refused(self.run_program("test", "run.h5", "-o", "./run.h5"), EXIT_DATA, "run.h5", "reads")
        self.assertEqual((self.work / "run.h5").read_bytes(), before)


if __name__ == "__main__":
    main()
