"""Networks of two and three hidden layers and of complex cells, from TOML alone: trained, tested, recorded, resumed,
looked at and compared."""

import json
import tomllib

import h5py
import numpy as np
from harness import EXIT_CHECKPOINT, EXIT_USAGE, RATE, SPIKING, ProgramTestCase, main, settings
from replay import Data, hidden_tables, learning_rate, matrix_of, projection_of

SECOND = """
[[hidden]]
kind = "random"
size = 40
"""
THIRD = """
[[hidden]]
kind = "random"
size = 25
"""
TAUGHT = 'rule = "backprop"\n'
HELD_OUT = 20


def deep(base, *layers):
    """The configuration with layers above its own."""
    section = base[base.index("[hidden]"):base.index("[training]")]
    return base.replace(section, section.replace("[hidden]", "[[hidden]]") + "".join(layers))


class Layers(ProgramTestCase):
    def setUp(self):
        super().setUp()
        for name, text in (("lif2", deep(SPIKING, SECOND + "scale = 80\n")),
                           ("lif3", deep(SPIKING, SECOND + "patch = 5\nscale = 80\n", THIRD + "scale = 80\n")),
                           ("rate2", deep(RATE, SECOND)),
                           ("rate3", deep(RATE, SECOND + TAUGHT, THIRD + TAUGHT)),
                           ("batch", deep(RATE, SECOND + TAUGHT) + "batch = 8\n"),
                           ("complex", SPIKING.replace("size = 60", "size = 30\npool = 1"))):
            named = text.replace("tiny-rate", name).replace('name = "tiny"\nseed', f'name = "{name}"\nseed')
            self.write(f"{name}.toml", named)

    def test_train_test_and_compare(self):
        names = ("lif2", "lif3", "rate2", "rate3", "batch", "complex")
        for name in names:
            with self.subTest(name=name):
                # The learning rates are made for one layer; it takes a little longer.
                longer = ["training.epochs=6"]
                if name in ("rate2", "rate3", "batch"):
                    longer = ["training.epochs=20", "readout.loss=cross-entropy", "training.learning_rate=3e-2"]
                trained = json.loads(self.succeed("train", f"{name}.toml", "-o", f"{name}.h5", "--json",
                                                  *settings(*longer)).stdout)
                self.assertGreater(trained["test_accuracy"], 70)
                tested = json.loads(self.succeed("test", f"{name}.h5", "--json").stdout)
                self.assertEqual(tested["test_accuracy"], trained["test_accuracy"])
        compared = json.loads(self.succeed("compare", *(f"{name}.h5" for name in names), "--json").stdout)
        rows = {row["name"]: row for row in (compared["runs"] if isinstance(compared, dict) else compared)}
        self.assertEqual({name: rows[name]["model"] for name in names},
                         {"lif2": "l-rg+rp", "lif3": "l-rg+rp+rp", "rate2": "l-rg+rp", "rate3": "l-rg+bp+bp",
                          "batch": "l-rg+bp", "complex": "l-rg-complex"})
        self.assertEqual({name: rows[name]["hidden"] for name in ("lif2", "lif3", "complex")},
                         {"lif2": 40, "lif3": 25, "complex": 30})

    def test_record_and_inspect_every_population(self):
        for name, populations in (("lif3", ["input", "hidden", "hidden2", "hidden3", "readout"]),
                                  ("complex", ["input", "simple", "hidden", "readout"])):
            result = json.loads(self.succeed("train", f"{name}.toml", "-o", f"{name}.h5", "--json", "--record",
                                             "all@both:0:5").stdout)
            self.assertEqual(sorted(result["spikes_per_image"]), sorted(populations))
            with h5py.File(self.work / f"{name}.h5") as file:
                self.assertEqual(sorted(file["spikes"]), sorted(populations))
                for population in populations:
                    self.assertGreater(len(file[f"spikes/{population}/timestamps"]), 0)
                    self.assertIn(f"metrics/{population}_spikes_per_image", file)
            text = self.succeed("inspect", f"{name}.h5", "--trial", "0").stdout
            for population in populations:
                self.assertIn(population, text)

    def test_resume_to_the_same_bits(self):
        for name, epochs in (("lif3", 30), ("complex", 25), ("rate3", 600), ("batch", 2500)):
            with self.subTest(name=name):
                train = ["train", f"{name}.toml", *settings(f"training.epochs={epochs}")]
                self.succeed(*train, "-o", "whole.h5", "--force")
                stopped = [*train, "-o", "stopped.h5"]
                self.run_program(*stopped, "--max-time", "0.2", "--threads", "1", "--force")
                self.assertTrue((self.work / "stopped.h5.checkpoint").exists(), "the run ended; make it longer")
                self.succeed(*stopped, "--resume")
                self.assert_same_run(self.work / "whole.h5", self.work / "stopped.h5")
                (self.work / "stopped.h5").unlink()

    def test_a_file_describes_its_configuration_as_tables(self):
        self.succeed("train", "lif3.toml", "-o", "run.h5", *settings("training.epochs=0"))
        with h5py.File(self.work / "run.h5") as file:
            config = tomllib.loads(file["provenance"].attrs["config"])
        tables = hidden_tables(config)
        self.assertEqual([table["kind"] for table in tables], ["gabor", "random", "random"])
        self.assertEqual([table["size"] for table in tables], [60, 40, 25])

    def test_set_adds_and_changes_layers(self):
        result = json.loads(self.succeed("train", "rate.toml", "-o", "a.h5", "--json",
                                         *settings("hidden.2.kind=random", "hidden.2.size=30")).stdout)
        self.assertEqual((result["model"], result["hidden"]), ("l-rg+rp", 30))
        self.assert_refused(self.run_program("train", "rate.toml", "-o", "a.h5"), EXIT_CHECKPOINT, "hidden.2.kind")
        self.assert_refused(self.run_program("train", "rate.toml", *settings("hidden.3.kind=random")), EXIT_USAGE,
                            "hidden.3.kind", "hidden.2.kind")
        self.assert_refused(self.run_program("train", "rate.toml", *settings("hidden.2.size=30")), EXIT_USAGE,
                            "hidden.2.size", "hidden.2.kind")

    def test_what_does_not_go_together_is_refused(self):
        for config, change, words in (
                ("rate.toml", ["hidden.pool=1", "hidden.rule=backprop"], ["hidden.pool", "hidden.rule"]),
                ("rate.toml", ["hidden.pool=3", "hidden.pool_step=2"], ["hidden.pool_step = 2", "hidden.pool = 3"]),
                ("spiking.toml", ["hidden.pool=1", "hidden.pooling=mean"], ["hidden.pooling"]),
                ("lif2.toml", ["record.populations=hidden3"], ["hidden3", "input, hidden, hidden2, readout"]),
                ("rate2.toml", ["hidden.2.patch=1"], ["hidden layer 2", "patch"]),
                ("rate2.toml", ["hidden.2.patch=9"], ["hidden.2.patch = 9", "smaller side"]),
                ("rate.toml", ["hidden.pool=8"], ["hidden.pool = 8", "8 x 8"])):
            with self.subTest(change=change):
                self.assert_refused(self.run_program("train", config, *settings(*change)), EXIT_USAGE, *words)

    def test_tables_that_are_too_many_or_without_a_kind_are_refused(self):
        self.write("many.toml", deep(RATE, *[SECOND] * 8))
        self.assert_refused(self.run_program("train", "many.toml"), EXIT_USAGE, "9 [[hidden]] tables", "8 hidden layers")
        self.write("kindless.toml", deep(RATE, "[[hidden]]\nsize = 40\n"))
        self.assert_refused(self.run_program("train", "kindless.toml"), EXIT_USAGE, "hidden layer 2 has no kind",
                            'kind = "random"')

    def test_is_made_again_by_backpropagation_through_both_layers(self):
        """From the file and the images, in numpy: the first layer fixed, the second and the third taught."""
        self.succeed("train", "rate3.toml", "-o", "run.h5",
                     *settings(f"dataset.validation={HELD_OUT}", "hidden.2.patch=5", "training.batch=3",
                               "training.learning_rate=5e-2"))
        with h5py.File(self.work / "run.h5") as file:
            config = tomllib.loads(file["provenance"].attrs["config"])
            data = Data(file, config)
            bank, biases = matrix_of(file, "receptive_fields/filters"), file["biases/hidden"][()]
            layers, below = [], len(bank)
            for name in ("hidden2", "hidden3"):
                end, synapses = projection_of(file, name, below)
                start = np.zeros(end.shape)
                start[synapses] = file[f"initial/projections/{name}/weights"][()]
                layers.append([start, synapses, file[f"initial/biases/{name}"][()].astype(np.float64), end])
                below = len(end)
            weights = file["weights/readout/initial"][()].astype(np.float64)
            readout_biases = file["initial/biases/readout"][()].astype(np.float64)
            order = file["training/order"][()]
            for first in range(0, len(order), 3):
                batch = order[first:first + 3]
                steps = [0 * weights, 0 * readout_biases, *(0 * layer[part] for layer in layers for part in (0, 2))]
                for k, image in enumerate(batch, start=first):
                    h = [np.maximum(bank @ data.images["train"][image].astype(np.float64) + biases, 0)]
                    for matrix, _, bias, _ in layers:
                        h.append(np.maximum(matrix @ h[-1] + bias, 0))
                    activation = weights @ h[-1] + readout_biases
                    error = (np.arange(len(activation)) == data.labels["train"][image]) - activation
                    error[activation <= 0] = 0
                    error *= learning_rate(config, k, len(order)) / len(batch)
                    steps[0] += np.outer(error, h[-1])
                    steps[1] += error
                    error = weights.T @ error
                    for l in (1, 0):
                        error = error * (h[l + 1] > 0)
                        steps[2 + 2 * l] += np.outer(error, h[l]) * layers[l][1]
                        steps[3 + 2 * l] += error
                        error = layers[l][0].T @ error
                weights += steps[0]
                readout_biases += steps[1]
                for l, layer in enumerate(layers):
                    layer[0] += steps[2 + 2 * l]
                    layer[2] += steps[3 + 2 * l]
            np.testing.assert_allclose(weights, file["weights/readout/final"][()], rtol=0, atol=2e-5)
            for (matrix, _, bias, end), name in zip(layers, ("hidden2", "hidden3"), strict=True):
                np.testing.assert_allclose(matrix, end, rtol=0, atol=2e-5)
                np.testing.assert_allclose(bias, file[f"biases/{name}"][()], rtol=0, atol=2e-5)
                start = file[f"initial/projections/{name}/weights"][()].reshape(-1)
                self.assertGreater(np.abs(file[f"projections/{name}/weights"][()].reshape(-1) - start).max(), 1e-3)


if __name__ == "__main__":
    main()
