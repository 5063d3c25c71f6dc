"""Every object of the files that the program writes says what it is, and in which unit."""

import re
from pathlib import Path

import h5py
from harness import RATE, ProgramTestCase, main, settings
from memory_test import GABOR, MEMORY

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "files.md"
REFRACTORY = "neuron.refractory_ms=2"

TRAININGS = {
    "spiking": ("spiking.toml", ["--record", "all@both:0:3"], [REFRACTORY, "neuron.delay_ms=3"]),
    "reference": ("spiking.toml", [], ["engine.kind=reference", "training.epochs=0.1"]),
    "pair-stdp": ("spiking.toml", [], ["readout.rule=pair-stdp"]),
    "complex": ("spiking.toml", ["--record", "all@both:0:3"], ["hidden.pool=1", "hidden.2.kind=random",
                                                               "hidden.2.size=20", "hidden.2.patch=5"]),
    "deep": ("rate.toml", [], ["hidden.2.kind=random", "hidden.2.size=20", "hidden.2.rule=feedback-alignment",
                               "hidden.3.kind=random", "hidden.3.size=20", "hidden.3.rule=backprop"]),
    "rate": ("rate.toml", [], ["dataset.validation=40", "dataset.mean=own-mean-test"]),
    "perceptron": ("sp.toml", [], []),
    "backprop": ("rate.toml", [], ["hidden.kind=random", "hidden.rule=backprop"]),
    "alignment": ("rate.toml", [], ["hidden.kind=random", "hidden.rule=feedback-alignment"]),
    "inhibited": ("rate.toml", [], ["hidden.kind=sparse", "hidden.features=6", "hidden.fit_updates=50",
                                    "hidden.inhibition=fixed-point"]),
    "memory": ("memory.toml", [], ["training.epochs=9"]),
    "memory-gabor": ("gabor.toml", [], ["training.epochs=9"]),
}


class Descriptions(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.write("memory.toml", MEMORY)
        self.write("gabor.toml", GABOR)
        self.write("sp.toml", RATE.replace('kind = "gabor"\nsize = 60\npatch = 4', 'kind = "none"'))

    def check(self, name):
        """The paths of the file's objects."""
        found = {}
        with h5py.File(self.work / name) as file:
            file.visititems(lambda path, item: found.update({path: item}))
            for path, item in found.items():
                with self.subTest(file=name, object=path):
                    text = item.attrs.get("description")
                    self.assertIsInstance(text, str)
                    self.assertRegex(text, r"^\S.{5,}\.$")
                    sonata = path.startswith("spikes/")
                    self.assertEqual("unit" in item.attrs, isinstance(item, h5py.Dataset) and not sonata)
                    self.assertIsInstance(item.attrs.get("unit", ""), str)
            for attribute in ("description", "format", "kind"):
                self.assertIn(attribute, file.attrs)
            self.assertIn("docs/files.md", file.attrs["description"])
        return set(found)

    def test_are_in_run_files_and_checkpoints_of_all_models(self):
        seen = set()
        for name, (config, words, changes) in TRAININGS.items():
            self.succeed("train", config, "-o", f"{name}.h5", *words, *settings(*changes))
            seen |= self.check(f"{name}.h5")
            self.succeed("train", config, "-o", f"{name}-begun.h5", *words, *settings(*changes), "--max-time", "1e-9")
            seen |= self.check(f"{name}-begun.h5.checkpoint")
        self.assertLessEqual({"state/hidden/refractory_left_ms", "initial/state/hidden/v_mV", "test/state/readout/u_mV",
                              "state/readout/pre_trace_kHz", "feedback/hidden", "initial/receptive_fields/filters",
                              "memory/rows", "data/test_pixel_mean",
                              "receptive_fields/lateral_weights", "metrics/feedback_angle_deg", "training/order",
                              "evaluation/validation_confusion", "recording/pages", "progress/window"}, seen)

    def test_are_in_test_and_bank_files(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.succeed("test", "run.h5", "-o", "test.h5")
        self.check("test.h5")
        self.succeed("bank", "spiking.toml", "-o", "bank.h5")
        self.check("bank.h5")

    def test_are_shown_by_inspect(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        tree = self.succeed("inspect", "run.h5").stdout
        self.assertRegex(tree, r"\n +test_confusion  uint64 \[3, 3\]  Number of images, \[true class, predicted class\]\n")
        self.assertRegex(tree, r"\n +hidden_mV  float64 \[60\]  \[mV\]  Of the hidden layer\n")

    def test_and_the_document_name_settings_and_objects_that_exist(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--record", "all", *settings(REFRACTORY))
        self.succeed("train", "rate.toml", "-o", "fa.h5", *settings("hidden.kind=random",
                                                                    "hidden.rule=feedback-alignment"))
        for name in ("complex", "deep"):
            config, options, changes = TRAININGS[name]
            self.succeed("train", config, "-o", f"{name}.h5", *options, *settings(*changes))
        files = ("run.h5", "fa.h5", "complex.h5", "deep.h5")
        known = set().union(*(self.check(name) for name in files))
        document = DOCUMENT.read_text()
        paths = re.findall(r"`/([a-z_]+(?:/[A-Za-z_]+)*)`", document)
        self.assertGreater(len(paths), 15)
        self.assertEqual([path for path in paths if path not in known], [])
        keys = set(re.findall(r"^\| `([\w.]+)` \|", self.succeed("config", "--reference").stdout, re.MULTILINE))
        texts = [document]
        for name in files:
            with h5py.File(self.work / name) as file:
                file.visititems(lambda _, item: texts.append(item.attrs["description"]))
        sections = {key.split(".")[0] for key in keys if "." in key}
        used = {word for text in texts for word in re.findall(r"\b([a-z]+\.[a-z]+(?:_[A-Za-z]+)*)\b", text)
                if word.split(".")[0] in sections}
        self.assertGreater(len(used), 10)
        self.assertEqual({word for word in used if word not in keys and not word.endswith((".md", ".hpp"))}, set())


if __name__ == "__main__":
    main()
