"""Results depend on the configuration, the seed and the data, and on nothing else."""

import shutil

import h5py
from harness import ProgramTestCase, contents, main, settings

ENGINES = {
    "spiking float": ("spiking.toml", []),
    "spiking double": ("spiking.toml", ["engine.precision=double"]),
    "reference engine": ("spiking.toml", ["engine.kind=reference"]),
    "wide spiking": ("spiking.toml", ["hidden.size=700"]),
    "with a refractory time": ("spiking.toml", ["neuron.refractory_ms=2"]),
    "rate": ("rate.toml", []),
    "wide rate": ("rate.toml", ["hidden.size=2000", "training.epochs=1"]),
}


class Reproducible(ProgramTestCase):
    def train(self, variant, output, *arguments):
        config, changes = ENGINES[variant]
        self.succeed("train", config, *settings(*changes), "-o", output, *arguments)
        return self.work / output

    def test_on_any_number_of_threads(self):
        for variant in ENGINES:
            with self.subTest(variant=variant):
                first = self.train(variant, "one.h5", "--threads", "1")
                for threads in (2, 4):
                    self.assert_same_run(first, self.train(variant, f"many-{threads}.h5", "--threads", threads))

    def test_tests_on_any_number_of_threads(self):
        run = self.train("spiking float", "run.h5")
        for threads in (1, 2, 4):
            self.succeed("test", run, "-o", f"test-{threads}.h5", "--threads", threads)
        for threads in (2, 4):
            self.assert_same_run(self.work / "test-1.h5", self.work / f"test-{threads}.h5")

    def test_whatever_is_recorded(self):
        for variant in ("spiking float", "reference engine", "rate"):
            with self.subTest(variant=variant):
                runs = []
                records = ("none", "all") if variant == "rate" else ("none", "all", "hidden@both:3:end:7")
                for k, record in enumerate(records):
                    tree = contents(self.train(variant, f"recorded-{k}.h5", "--record", record))
                    runs.append({name: value for name, value in tree.items()
                                 if not name.startswith(("spikes", "trials"))})
                self.assertTrue(all(run == runs[0] for run in runs))

    def test_whatever_the_intervals_between_checkpoints(self):
        for variant in ("spiking float", "rate"):
            first = self.train(variant, "a.h5")
            self.assert_same_run(first, self.train(variant, "b.h5", "--checkpoint-every", "13"))

    def test_is_checked_down_to_a_single_bit(self):
        run = self.train("spiking float", "run.h5", "--record", "all")
        whole = contents(run)
        self.assertGreater(len(whole), 50)
        for name in ("weights/readout/final", "spikes/hidden/timestamps", "state/hidden/normalised_v",
                     "metrics/online_accuracy", "trials/predicted", "thresholds/hidden_mV"):
            copy = self.work / "copy.h5"
            shutil.copy(run, copy)
            with h5py.File(copy, "r+") as file:
                values = file[name][()]
                values.reshape(-1).view("u1")[0] ^= 1
                file[name][...] = values
            self.assertEqual([key for key, value in contents(copy).items() if value != whole[key]], [name])

    def test_another_seed_gives_another_network(self):
        for variant in ("spiking float", "rate"):
            first = contents(self.train(variant, "a.h5"))
            second = contents(self.train(variant, "b.h5", "--seed", "6"))
            for name in ("receptive_fields/filters", "receptive_fields/row", "weights/readout/initial",
                         "weights/readout/final"):
                self.assertNotEqual(first[name], second[name], f"{variant}: {name}")

    def test_learning_changes_the_weights_only(self):
        for variant in ("spiking float", "rate"):
            before = contents(self.train(variant, "a.h5"))
            after = contents(self.train(variant, "b.h5", *settings("training.epochs=2")))
            self.assertNotEqual(before["weights/readout/final"], before["weights/readout/initial"])
            self.assertNotEqual(before["weights/readout/final"], after["weights/readout/final"])
            for name in ("receptive_fields/filters", "weights/readout/initial"):
                self.assertEqual(before[name], after[name])

    def test_testing_twice_gives_the_same_and_does_not_touch_the_run(self):
        run = self.train("spiking float", "run.h5")
        before = run.read_bytes()
        self.succeed("test", run, "-o", "a.h5")
        self.succeed("test", run, "-o", "b.h5")
        self.assert_same_run(self.work / "a.h5", self.work / "b.h5")
        self.assertEqual(run.read_bytes(), before)

    def test_the_run_file_says_how_it_was_made(self):
        run = self.train("spiking float", "run.h5", "--seed", "9")
        with h5py.File(run) as file:
            how = file["provenance"].attrs
            self.assertEqual(how["seed"], 9)
            for word in ("train", "--seed 9", "spiking.toml"):
                self.assertIn(word, how["command_line"])
            for name in ("version", "git_hash", "compiler", "flags", "cpu", "hdf5_version", "rng", "created"):
                self.assertTrue(how[name], name)
            self.write("again.toml", how["config"])
        self.succeed("train", "again.toml", "-o", "again.h5")
        self.assert_same_run(run, self.work / "again.h5")


if __name__ == "__main__":
    main()
