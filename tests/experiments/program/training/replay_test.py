"""Spiking runs made again from their files, spike by spike."""

import math
import tomllib

import h5py
import numpy as np
from harness import ProgramTestCase, main, settings
from replay import Data, SpikingNetwork, learning_rate, winner

HELD_OUT = 20
DOUBLE = settings(f"dataset.validation={HELD_OUT}", "engine.precision=double")
EXTREMES = settings("neuron.delay_ms=7", "neuron.refractory_ms=2", "readout.weight_bound_mV=50",
                    "training.learning_rate_decay=10", "training.sampling=with-replacement", "training.epochs=1.5")


class SpikingRun(ProgramTestCase):
    train_images, test_images = 40 + HELD_OUT, 15

    def compare_trial(self, file, k, spikes):
        for name, train in spikes.items():
            rows = slice(*file[f"trials/offsets_{name}"][k:k + 2])
            times = file[f"spikes/{name}/timestamps"][rows] - file["trials/start"][k]
            self.assertEqual(file[f"spikes/{name}/node_ids"][rows].tolist(), [neuron for _, neuron in train],
                             f"{name}, trial {k}")
            np.testing.assert_allclose(times, [time for time, _ in train], rtol=0, atol=1e-9)

    def replay(self, *changes):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all@both:0:end", *DOUBLE, *changes)
        file = h5py.File(self.work / "run.h5")
        self.addCleanup(file.close)
        config = tomllib.loads(file["provenance"].attrs["config"])
        protocol = config["protocol"]
        data = Data(file, config)
        phases = h5py.check_enum_dtype(file["trials/phase"].dtype)
        self.assertEqual(sorted(phases), ["test", "train", "validation"])
        order = file["training/order"][()]
        classes = int(file["network/class_count"][0])
        trials = file["trials"]
        k = 0

        network = SpikingNetwork(file, config, "initial/")
        duration = protocol["transient_ms"] + protocol["learning_ms"]
        for presentation, image in enumerate(order):
            label = int(data.labels["train"][image])
            spikes = network.present(data.images["train"][image], duration, label,
                                     learning_rate(config, presentation, len(order)))
            self.compare_trial(file, k, spikes)
            _, predicted = winner(spikes["readout"], classes, 0.0, protocol["transient_ms"])
            self.assertEqual((trials["phase"][k], trials["sample"][k], trials["label"][k], trials["predicted"][k]),
                             (phases["train"], image, label, predicted))
            self.assertEqual(trials["start"][k], presentation * duration)
            k += 1
        self.assertGreater(len(file["spikes/readout/timestamps"]), 200)
        np.testing.assert_allclose(network.weights, file["weights/readout/final"][()], rtol=0, atol=1e-9)
        moved = np.abs(network.weights - file["weights/readout/initial"][()]).max()
        self.assertGreater(moved, 0.1)
        self.compare_state(file, config, network)

        for part in ("validation", "test"):
            confusion = np.zeros((classes, classes), int)
            for image, label in enumerate(data.labels[part]):
                test = SpikingNetwork(file, config, "test/")
                test.weights = network.weights
                spikes = test.present(data.images[part][image], protocol["test_ms"])
                self.compare_trial(file, k, spikes)
                counts, predicted = winner(spikes["readout"], classes, protocol["test_ms"] - protocol["count_ms"],
                                           math.inf)
                self.assertEqual(trials["scores"][k].tolist(), counts.tolist())
                self.assertEqual((trials["phase"][k], trials["sample"][k], trials["label"][k],
                                  trials["predicted"][k]), (phases[part], image, label, predicted))
                confusion[label, predicted] += 1
                k += 1
            self.assertEqual(file[f"evaluation/{part}_confusion"][()].tolist(), confusion.tolist())
        self.assertEqual(k, len(trials["start"]))
        return file, config

    def compare_state(self, file, config, network):
        """The state at the end, as the file has it."""
        end = SpikingNetwork(file, config, "")
        np.testing.assert_allclose(end.input_free, network.input_free, rtol=0, atol=1e-9)
        np.testing.assert_allclose(np.where(end.input_free > 0, 0, end.input_v),
                                   np.where(end.input_free > 0, 0, network.input_v), rtol=0, atol=1e-9)
        np.testing.assert_allclose(end.trace, network.trace, rtol=0, atol=1e-12)
        for name in network.layers:
            ours, theirs = network.layers[name], end.layers[name]
            ours.move_to(0.0)
            theirs.move_to(0.0)
            np.testing.assert_allclose(ours.since, theirs.since, rtol=0, atol=1e-9)
            np.testing.assert_allclose(ours.v, theirs.v, rtol=0, atol=1e-9)
            self.assertEqual([source for _, source in network.pending[name]],
                             [source for _, source in end.pending[name]])
            np.testing.assert_allclose([time for time, _ in network.pending[name]],
                                       [time for time, _ in end.pending[name]], rtol=0, atol=1e-9)

    def test_is_made_again_spike_by_spike(self):
        file, _ = self.replay()
        self.assertEqual(sorted(file["training/order"][()].tolist()), list(range(40)))

    def test_with_long_delays_refractoriness_weight_decay_and_drawn_images(self):
        file, _ = self.replay(*EXTREMES)
        self.assertGreater(len(file["state/pending_hidden/time_ms"]), 0)
        left = [file[f"state/{population}/refractory_left_ms"][()] for population in ("input", "hidden", "readout")]
        self.assertGreater(sum((times > 0).sum() for times in left), 0)

    def test_with_two_and_three_hidden_layers(self):
        second = ("hidden.2.kind=random", "hidden.2.size=30", "hidden.2.scale=80")
        third = ("hidden.3.kind=random", "hidden.3.size=20", "hidden.3.scale=80", "hidden.2.patch=5")
        for layers in (second, second + third):
            with self.subTest(layers=layers):
                file, _ = self.replay("--force", *settings(*layers, "neuron.delay_ms=3"))
                self.assertGreater(len(file[f"spikes/hidden{3 if third[0] in layers else 2}/timestamps"]), 1000)

    def test_with_complex_cells(self):
        file, _ = self.replay(*settings("hidden.pool=2", "hidden.size=15"))
        self.assertGreater(len(file["spikes/simple/timestamps"]), 1000)
        self.assertGreater(len(file["simple_cells/field"]), 60)

    def test_without_training_ends_as_it_began(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", *DOUBLE, *settings("training.epochs=0"))
        with h5py.File(self.work / "run.h5") as file:
            self.assertEqual(file["training/order"].shape, (0,))
            for name in ("weights/readout/final", "state/hidden/normalised_v", "state/input/v_mV"):
                before = name.replace("final", "initial") if "final" in name else f"initial/{name}"
                self.assertEqual(file[name][()].tolist(), file[before][()].tolist())

    def test_without_carry_over_starts_each_presentation_anew(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all@train:0:end", *DOUBLE,
                     *settings("protocol.carry_over=false"))
        with h5py.File(self.work / "run.h5") as file:
            config = tomllib.loads(file["provenance"].attrs["config"])
            data = Data(file, config)
            image = file["training/order"][7]
            network = SpikingNetwork(file, config, "initial/")
            spikes = network.present(data.images["train"][image], 150.0)
            del spikes["readout"]  # which has learned meanwhile
            self.compare_trial(file, 7, spikes)

    def test_that_goes_on_from_another_holds_the_state_it_began_with(self):
        self.succeed("train", "spiking.toml", "-o", "first.h5", *DOUBLE, *EXTREMES)
        self.replay("--from", "first.h5", *EXTREMES, *settings("seed=6"))
        with h5py.File(self.work / "first.h5") as first, h5py.File(self.work / "run.h5") as run:
            self.assertEqual(first["state/hidden/normalised_v"][()].tolist(),
                             run["initial/state/hidden/normalised_v"][()].tolist())

    def test_resumed_holds_what_it_began_with(self):
        whole = ["train", "spiking.toml", "-o", "whole.h5", *DOUBLE]
        self.succeed(*whole)
        self.succeed("train", "spiking.toml", "-o", "run.h5", *DOUBLE, "--max-time", "1e-9")
        self.assertTrue((self.work / "run.h5.checkpoint").exists())
        self.succeed("train", "spiking.toml", "-o", "run.h5", *DOUBLE, "--resume")
        self.assert_same_run(self.work / "whole.h5", self.work / "run.h5")


if __name__ == "__main__":
    main()
