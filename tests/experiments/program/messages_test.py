"""What is asked for is done or refused with the way out; nothing that was typed is passed over in silence."""

import json
import os
import signal

import h5py
import numpy
from harness import (EXIT_DATA, EXIT_USAGE, SIDE, ProgramTestCase, Running, contents, main, settings,
                     write_dataset)


class Recording(ProgramTestCase):
    def test_of_a_population_that_a_rate_network_does_not_have_is_refused(self):
        for what in ("hidden", "input,readout@train:0:3"):
            outcome = self.run_program("train", "rate.toml", "-o", "run.h5", "--record", what)
            self.assert_refused(outcome, EXIT_USAGE, what, "a rate network has no spikes", "leave --record out")
        self.assertNotIn("run.h5", self.names_in())
        self.succeed("train", "rate.toml", "-o", "run.h5", "--record", "none")

    def test_that_a_test_would_not_write_is_refused(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        for what, words in (("all@0:10", ["no file", "-o"]), ("hidden@test:0:1", ["no file", "-o"])):
            self.assert_refused(self.run_program("test", "run.h5", "--record", what), EXIT_USAGE, what, *words)
        outcome = self.run_program("test", "run.h5", "-o", "test.h5", "--record", "hidden@train:0:10")
        self.assert_refused(outcome, EXIT_USAGE, "hidden@train:0:10", "test images", "--split")
        outcome = self.run_program("test", "run.h5", "-o", "test.h5", "--split", "train", "--record", "all@test:0:1")
        self.assert_refused(outcome, EXIT_USAGE, "train images")
        self.assertNotIn("test.h5", self.names_in())
        self.succeed("test", "run.h5", "--record", "none")

    def test_without_a_phase_is_of_the_images_that_are_tested(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        for what, trials in (("hidden@2:4", [2, 3]), ("hidden@both:1:2", [1]), ("hidden@train:0:1", [0])):
            self.succeed("test", "run.h5", "-o", "test.h5", "--split", "train", "--record", what)
            with h5py.File(self.work / "test.h5") as file:
                self.assertEqual(numpy.flatnonzero(file["trials/recorded_hidden"][()]).tolist(), trials, what)
                self.assertGreater(len(file["spikes/hidden/timestamps"]), 0)


class Inspecting(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.succeed("train", "spiking.toml", "-o", "run.h5", *settings("training.epochs=10"))

    def test_a_trial_and_a_curve_shows_both(self):
        text = self.succeed("inspect", "run.h5", "--trial", "0", "--curve", "seconds").stdout
        self.assertIn("trial 0: test image 0", text)
        self.assertRegex(text, r"(?m)^seconds")
        self.assertNotIn("weights/", text)
        self.assertNotIn("online_accuracy", self.succeed("inspect", "run.h5", "--trial", "0").stdout)
        figures = self.succeed_json("inspect", "run.h5", "--trial", "0", "--curve", "seconds")
        self.assertEqual(sorted(figures), ["file", "learning_curve", "trial"])
        self.assertIn("seconds", figures["learning_curve"]["columns"])

    def test_a_trial_as_json_is_that_trial_alone(self):
        figures = self.succeed_json("inspect", "run.h5", "--trial", "3")
        self.assertEqual(sorted(figures), ["file", "trial"])
        self.assertEqual((figures["trial"]["trial"], figures["trial"]["sample"]), (3, 3))
        with h5py.File(self.work / "run.h5") as file:
            for layer in figures["trial"]["spikes"]:
                begin, end = file[f"trials/offsets_{layer['population']}"][3:5]
                self.assertEqual(len(layer["ids"]), end - begin)
                self.assertGreater(len(layer["ids"]), 0)

    def test_options_that_would_not_be_heard_are_refused(self):
        for arguments, words in ((["--rows", "5"], ["--rows", "--picture"]),
                                 (["--ascii", "--json"], ["--ascii"]),
                                 (["--picture", "x.png", "--trial", "0"], ["--trial"]),
                                 (["--picture", "x.png", "--curve", "seconds"], ["--curve"]),
                                 (["--picture", "x.png", "--population", "hidden"], ["--population"]),
                                 (["--picture", "x.png", "--json"], ["--json"])):
            with self.subTest(arguments=arguments):
                self.assert_refused(self.run_program("inspect", "run.h5", *arguments), EXIT_USAGE, *words)
        self.assertNotIn("x.png", self.names_in())


class WrongFiles(ProgramTestCase):
    def test_a_bank_is_no_run_to_compare(self):
        self.succeed("bank", "spiking.toml", "-o", "bank.h5")
        outcome = self.run_program("compare", "bank.h5")
        self.assert_refused(outcome, EXIT_DATA, "bank.h5", "is a bank file", "--bank")
        self.assertNotIn("checkpoint", outcome.stderr)

    def test_a_run_is_no_configuration(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all")
        for command in ("config", "train", "bank"):
            outcome = self.run_program(command, "run.h5", "-o", "x.h5") if command != "config" else \
                self.run_program(command, "run.h5")
            self.assert_refused(outcome, EXIT_USAGE, "run.h5", "HDF5", "shallows test run.h5", "inspect",
                                "--from run.h5")


class OwnBank(ProgramTestCase):
    """A bank that h5py wrote, with nothing but what it takes."""

    def setUp(self):
        super().setUp()
        self.succeed("bank", "rate.toml", "-o", "made.h5")
        with h5py.File(self.work / "made.h5") as file:
            self.filters = file["receptive_fields/filters"][()]
            self.row = file["receptive_fields/row"][()]
            self.column = file["receptive_fields/column"][()]
        self.arguments = ["train", "rate.toml", "-o", "run.h5", "--bank", "own.h5", "--set", "hidden.kind=file"]

    def write_bank(self, **changes):
        arrays = {"filters": self.filters.astype("f8"), "row": self.row.astype("i8"), "column": self.column, **changes}
        with h5py.File(self.work / "own.h5", "w") as file:
            for name, values in arrays.items():
                if values is not None:
                    file[f"receptive_fields/{name}"] = values

    def test_is_taken_without_provenance(self):
        self.write_bank()
        self.succeed(*self.arguments)
        with h5py.File(self.work / "run.h5") as file:
            taken = file["receptive_fields/filters"][()]
            numpy.testing.assert_array_equal(file["receptive_fields/row"][()], self.row)
            self.assertIn("own.h5", file["provenance"].attrs["bank"])
        factor = taken[0].max() / self.filters[0].max()  # kind "file" is scaled by what is measured
        numpy.testing.assert_allclose(taken, factor * self.filters, rtol=1e-5)

    def test_gives_the_network_that_the_same_bank_of_the_program_gives(self):
        self.write_bank()
        self.succeed(*self.arguments)
        self.succeed("train", "rate.toml", "-o", "same.h5", "--bank", "made.h5", "--set", "hidden.kind=file")
        own, made = (contents(self.work / name) for name in ("run.h5", "same.h5"))
        for name in ("weights/readout/final", "receptive_fields/filters"):
            self.assertEqual(own[name], made[name])

    def test_says_what_is_missing_or_wrong(self):
        for changes, words in (({"row": None}, ["receptive_fields/row"]),
                               ({"filters": self.filters.reshape(60, -1)}, ["[60, 16]", "[n, channels, side, side]"]),
                               ({"filters": self.filters[:50], "row": self.row[:50], "column": self.column[:50]},
                                ["50 filters", "hidden.size = 60"]),
                               ({"row": self.row.astype("i8") + SIDE}, ["do not fit"])):
            with self.subTest(words=words):
                self.write_bank(**changes)
                outcome = self.run_program(*self.arguments)
                self.assertIn(outcome.code, (EXIT_USAGE, EXIT_DATA))
                self.assert_refused(outcome, outcome.code, *words)
        self.write_bank()
        outcome = self.run_program(*self.arguments[:-2])
        self.assert_refused(outcome, EXIT_USAGE, 'hidden.kind = "gabor"', 'hidden.kind = "file"')

    def test_of_our_format_without_provenance_is_taken_too(self):
        with h5py.File(self.work / "made.h5", "r+") as file:
            del file["provenance"]
        (self.work / "made.h5").rename(self.work / "own.h5")
        self.succeed(*self.arguments)


class AnotherEngine(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.succeed("train", "spiking.toml", "-o", "run.h5", *settings("training.epochs=2"))

    def figures_and_trials(self, *changes, run="run.h5"):
        figures = self.succeed_json("test", run, "-o", "test.h5", "--record", "all@test", *settings(*changes))
        with h5py.File(self.work / "test.h5") as file:
            arrays = {name: file[name][()] for name in ("trials/predicted", "trials/scores",
                                                        "spikes/hidden/node_ids", "spikes/readout/node_ids",
                                                        "spikes/hidden/timestamps", "spikes/readout/timestamps")}
        return figures, arrays

    def test_of_the_test_alone_gives_the_same_spikes(self):
        by_float, trained = self.figures_and_trials()
        by_double, double = self.figures_and_trials("engine.precision=double")
        by_reference, reference = self.figures_and_trials("engine.kind=reference")
        self.assertEqual([figures["engine"] for figures in (by_float, by_double, by_reference)],
                         ["fast float", "fast double", "reference"])
        for name, values in reference.items():
            if name.endswith("timestamps"):
                numpy.testing.assert_allclose(double[name], values, rtol=0, atol=1e-9)
            else:
                numpy.testing.assert_array_equal(double[name], values, name)
        numpy.testing.assert_array_equal(double["trials/scores"].argmax(axis=1), double["trials/predicted"])
        self.assertGreaterEqual(numpy.mean(trained["trials/predicted"] == double["trials/predicted"]), 0.95)

    def test_takes_weights_that_were_learned_in_double_precision(self):
        self.succeed("train", "spiking.toml", "-o", "double.h5", *settings("engine.precision=double"))
        _, double = self.figures_and_trials(run="double.h5")
        _, reference = self.figures_and_trials("engine.kind=reference", run="double.h5")
        figures, single = self.figures_and_trials("engine.precision=float", run="double.h5")
        self.assertEqual(figures["engine"], "fast float")
        numpy.testing.assert_array_equal(double["trials/predicted"], reference["trials/predicted"])
        self.assertGreaterEqual(numpy.mean(single["trials/predicted"] == double["trials/predicted"]), 0.95)

    def test_is_named_beside_that_of_the_training(self):
        text = self.succeed("test", "run.h5", *settings("engine.kind=reference")).stdout
        self.assertRegex(text, "engine +reference, trained by fast float")
        self.assertNotIn("engine", self.succeed("test", "run.h5").stdout)

    def test_can_not_go_on_from_the_state_of_the_training(self):
        carry = "protocol.test_carry_over=true"
        self.succeed("test", "run.h5", *settings(carry))
        for change in ("engine.precision=double", "engine.kind=reference"):
            outcome = self.run_program("test", "run.h5", *settings(carry, change))
            self.assert_refused(outcome, EXIT_USAGE, change.split("=")[0], "test_carry_over", "state")

    def test_is_no_way_to_change_the_network(self):
        for change in ("neuron.tau_ms=20", "model=rate", "hidden.size=30"):
            outcome = self.run_program("test", "run.h5", *settings(change))
            self.assert_refused(outcome, EXIT_USAGE, "would change the trained network", "engine.*")


class Data(ProgramTestCase):
    def test_of_the_working_folder_do_not_take_the_place_of_those_that_the_environment_names(self):
        write_dataset(self.work / "data" / "mnist")
        self.write("plain.toml", 'model = "rate"\n[hidden]\nkind = "none"\n')
        arguments = ["train", "plain.toml", "-o", "run.h5"]
        unset = {name: value for name, value in os.environ.items() if name != "SHALLOWS_DATA"}
        self.succeed(*arguments, env={**unset, "SHALLOWS_DATA": ""})
        self.succeed(*arguments, env=unset)
        (self.work / "run.h5").unlink()
        outcome = self.run_program(*arguments, env={**unset, "SHALLOWS_DATA": "not/there"})
        self.assert_refused(outcome, EXIT_DATA, f"{self.work}/not/there/mnist", "SHALLOWS_DATA")

    def test_that_are_missing_are_named_with_the_whole_path(self):
        self.write("plain.toml", 'model = "rate"\n')
        unset = {name: value for name, value in os.environ.items() if name != "SHALLOWS_DATA"}
        outcome = self.run_program("train", "plain.toml", "-o", "run.h5", env=unset)
        self.assert_refused(outcome, EXIT_DATA, f"{self.work}/data/mnist", "SHALLOWS_DATA", "scripts/data.sh mnist")


class Overrides(ProgramTestCase):
    def test_that_choose_another_layer_pass_over_keys_of_the_file(self):
        outcome = self.succeed("train", "rate.toml", "-o", "run.h5", "-q", *settings("hidden.kind=none"))
        self.assertEqual(outcome.stderr.splitlines(),
                         ["shallows: hidden.size, hidden.patch of rate.toml have no meaning to what --set chose and "
                          "are passed over"])
        with h5py.File(self.work / "run.h5") as file:
            self.assertNotIn("receptive_fields", file)
        for command in (["config", "rate.toml"], ["train", "rate.toml", "-o", "other.h5"]):
            outcome = self.run_program(*command, *settings("hidden.kind=none", "hidden.size=7"))
            self.assert_refused(outcome, EXIT_USAGE, "--set hidden.size=7", 'hidden.kind is "none"')

    def test_suggest_what_an_abbreviation_stands_for(self):
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", *settings("training.lr=1"))
        self.assert_refused(outcome, EXIT_USAGE, "did you mean 'training.learning_rate'?")


class Helping(ProgramTestCase):
    def test_is_a_command_too(self):
        self.assertEqual(self.succeed("help").stdout, self.succeed("--help").stdout)
        for command in ("train", "inspect"):
            self.assertEqual(self.succeed("help", command).stdout, self.succeed(command, "--help").stdout)
        self.assert_refused(self.run_program("help", "trian"), EXIT_USAGE, "did you mean 'train'?")

    def test_of_configurations_is_there_outside_the_sources(self):
        text = self.succeed("list", "configs").stdout
        self.assertRegex(text.splitlines()[0], "^configs in /.*configs$")
        self.assertIn("demo-lif-l-rg", text)
        figures = self.succeed_json("list", "configs")
        self.assertIn("demo-l-rg", [entry["name"] for entry in figures["configs"]])
        (self.work / "experiments/configs").mkdir(parents=True)
        (self.work / "experiments/configs/mine.toml").write_text("# My own\n")
        self.assertEqual(self.succeed("list", "configs").stdout, "configs in experiments/configs\n  mine  My own\n")

    def test_of_studies_is_there_outside_the_sources_too(self):
        text = self.succeed("list", "studies").stdout
        self.assertRegex(text.splitlines()[0], "^studies in /.*studies$")
        figures = self.succeed_json("list", "studies")
        self.assertLessEqual({"illing2019", "memory"}, {entry["name"] for entry in figures["studies"]})
        (self.work / "experiments/studies").mkdir(parents=True)
        (self.work / "experiments/studies/mine.toml").write_text("# My own\n")
        self.assertEqual(self.succeed("list", "studies").stdout, "studies in experiments/studies\n  mine  My own\n")


class Signals(ProgramTestCase):
    def test_are_answered_by_what_sends_them_again(self):
        for number, words in ((signal.SIGTERM, "send the signal again"), (signal.SIGINT, "press Ctrl-C again")):
            running = Running("train", "spiking.toml", "-o", "run.h5", *settings("training.epochs=1000000"),
                              cwd=self.work)
            running.ready_for_signals()
            running.send(number)
            outcome = running.finish()
            self.assertEqual(outcome.code, 128 + number)
            self.assertIn(words, outcome.stderr)
            self.assertEqual("Ctrl-C" in outcome.stderr, number == signal.SIGINT)


class Study(ProgramTestCase):
    def test_without_alternatives_is_named_after_the_configuration(self):
        outcome = self.succeed("study", "rate.toml", *settings("dataset.validation=40", "training.epochs=1"))
        self.assertIn("shallows: [1/1] rate, seed 1: ", outcome.stderr)
        self.assertIn("rate-seeds.csv", self.names_in("runs/studies"))

    def test_says_which_networks_diverged_or_died_and_goes_on(self):
        for changes, rate, word in (((), "1e6", "the network diverged"),
                                    (("readout.bias_max=0", "training.epochs=5"), "30", "the readout is dead")):
            outcome = self.succeed("study", "rate.toml", "-q", "--json",
                                   "--vary", f"training.learning_rate={rate},0.01",
                                   *settings("dataset.validation=40", *changes))
            self.assertRegex(outcome.stderr, f"^shallows: rate, training.learning_rate = {rate}, seed 1: {word} .* "
                                             "lower training.learning_rate")
            self.assertEqual(outcome.stderr.count("\n"), 1)
            figures = json.loads(outcome.stdout)
            failed, learned = figures["rows"]
            self.assertEqual((failed["failed"], failed["seeds"], failed["validation_accuracy"]), (1, 0, None))
            self.assertGreater(learned["validation_accuracy"]["mean"], 50.0)  # chance is 33
            failure = figures["runs"][0]
            self.assertIn(failure["failure"], outcome.stderr)
            self.assertIn(f"'{failure['file']}.failed.txt'", outcome.stderr)
            self.assertEqual((self.work / f"{failure['file']}.failed.txt").read_text(), failure["failure"] + "\n")


if __name__ == "__main__":
    main()
