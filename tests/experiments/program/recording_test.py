"""Which spikes end up in the file, and that readers of SONATA find them."""

import h5py
import numpy
from harness import EXIT_USAGE, TEST, TRAIN, ProgramTestCase, main, settings

POPULATIONS = {"input": 64, "hidden": 60, "readout": 3}
TRAIN_PHASE, TEST_PHASE, VALIDATION_PHASE = 0, 1, 2


class Recording(ProgramTestCase):
    def record(self, what, *changes):
        words = [] if what is None else ["--record", what]
        self.succeed("train", "spiking.toml", "-o", "run.h5", *words, *settings(*changes))
        file = h5py.File(self.work / "run.h5")
        self.addCleanup(file.close)
        return file

    def recorded(self, file, population):
        """(phase, index within the phase) of the trials whose spikes of the population are in the file."""
        trials = file["trials"]
        flags = trials[f"recorded_{population}"][()]
        result = []
        for k in numpy.flatnonzero(flags):
            phase = int(trials["phase"][k])
            if phase == TRAIN_PHASE:
                index = round(trials["start"][k] / 150.0)
            else:
                index = int(trials["sample"][k])
            result.append((phase, index))
        return result

    def check_spikes(self, file, population):
        """SONATA attributes, order, and that every trial's slice lies within the trial."""
        group = file[f"spikes/{population}"]
        times, ids = group["timestamps"][()], group["node_ids"][()]
        trials = file["trials"]
        offsets, flags = trials[f"offsets_{population}"][()], trials[f"recorded_{population}"][()]
        self.assertEqual(times.dtype, numpy.float64)
        self.assertEqual(ids.dtype, numpy.uint64)
        units = group["timestamps"].attrs["units"]
        self.assertEqual(units.decode() if isinstance(units, bytes) else units, "ms")
        self.assertTrue(numpy.all(numpy.diff(times) >= 0.0))
        self.assertTrue(numpy.all(ids < POPULATIONS[population]))
        self.assertEqual(len(offsets), len(flags) + 1)
        self.assertEqual((offsets[0], offsets[-1]), (0, len(times)))
        self.assertTrue(numpy.all(numpy.diff(offsets.astype(numpy.int64)) >= 0))
        starts, stops = trials["start"][()], trials["stop"][()]
        self.assertTrue(numpy.all(starts[1:] >= stops[:-1]))
        for k, flag in enumerate(flags):
            piece = times[offsets[k]:offsets[k + 1]]
            if not flag:
                self.assertEqual(len(piece), 0)
            self.assertTrue(numpy.all((piece >= starts[k]) & (piece <= stops[k])), f"trial {k}")

    def test_compresses_the_spikes_as_asked_and_keeps_them(self):
        packed = self.record("all@both:0:20")
        content = {name: (packed[f"spikes/{name}/timestamps"][()], packed[f"spikes/{name}/node_ids"][()])
                   for name in POPULATIONS}
        self.assertEqual(packed["spikes/hidden/timestamps"].compression_opts, 4)
        packed.close()
        (self.work / "run.h5").unlink()  # a complete run of the same training is not run again
        plain = self.record("all@both:0:20", "record.deflate=0")
        for name, (times, ids) in content.items():
            self.assertIsNone(plain[f"spikes/{name}/timestamps"].compression)
            self.assertIsNone(plain[f"spikes/{name}/node_ids"].compression)
            self.assertTrue(numpy.array_equal(plain[f"spikes/{name}/timestamps"][()], times), name)
            self.assertTrue(numpy.array_equal(plain[f"spikes/{name}/node_ids"][()], ids), name)
            self.check_spikes(plain, name)

    def check(self, file, expected):
        """`expected`: {population: [(phase, index), ...]}."""
        self.assertEqual(set(file["spikes"]), set(expected))
        for population, trials in expected.items():
            self.assertEqual(self.recorded(file, population), trials, population)
            self.check_spikes(file, population)
            if trials:
                self.assertGreater(len(file[f"spikes/{population}/timestamps"]), 0)

    def test_follows_the_configuration_by_default(self):
        trials = [(TEST_PHASE, k) for k in range(4)]
        self.check(self.record(None), {name: trials for name in POPULATIONS})

    def test_follows_the_grammar_of_record(self):
        first_ten = [(TEST_PHASE, k) for k in range(10)]
        all_trials = [(TRAIN_PHASE, k) for k in range(TRAIN)] + [(TEST_PHASE, k) for k in range(TEST)]
        for what, expected in (
                ("hidden", {"hidden": first_ten}),
                ("hidden,readout@5:8", {name: [(TEST_PHASE, k) for k in (5, 6, 7)] for name in ("hidden", "readout")}),
                ("readout@train:0:240:100", {"readout": [(TRAIN_PHASE, k) for k in (0, 100, 200)]}),
                ("input@both:230:end:4",
                 {"input": [(TRAIN_PHASE, k) for k in (230, 234, 238)]}),
                ("readout@both:80:83", {"readout": [(phase, k) for phase in (0, 1) for k in (80, 81, 82)]}),
                ("all@test:88:200", {name: [(TEST_PHASE, 88), (TEST_PHASE, 89)] for name in POPULATIONS}),
                ("readout@5", {"readout": [(TEST_PHASE, 5)]}),
                ("hidden@both", {"hidden": all_trials}),
                ("all", {name: all_trials for name in POPULATIONS}),
                ("none", {})):
            with self.subTest(record=what):
                self.check(self.record(what), expected)

    def test_counts_validation_as_test(self):
        file = self.record("readout@test:0:2", "dataset.validation=30")
        self.check(file, {"readout": [(VALIDATION_PHASE, 0), (VALIDATION_PHASE, 1), (TEST_PHASE, 0), (TEST_PHASE, 1)]})

    def test_has_every_test_image_in_its_table_of_trials(self):
        trials = self.record("none")["trials"]
        self.assertEqual(trials["sample"][()].tolist(), list(range(TEST)))
        accuracy = 100.0 * numpy.mean(trials["label"][()] == trials["predicted"][()])
        with h5py.File(self.work / "run.h5") as file:
            self.assertAlmostEqual(accuracy, file["summary"].attrs["test_accuracy"])
            confusion = file["evaluation/test_confusion"][()]
            self.assertEqual(confusion.sum(), TEST)
            self.assertEqual(numpy.trace(confusion), numpy.sum(trials["label"][()] == trials["predicted"][()]))

    def test_is_sonata(self):
        file = self.record("all")
        self.assertEqual(file.attrs["magic"], 0x0A7A)
        self.assertEqual(file.attrs["version"].tolist(), [0, 1])
        for population in POPULATIONS:
            sorting = file[f"spikes/{population}"].attrs.get_id("sorting")
            names = h5py.check_enum_dtype(sorting.dtype)
            self.assertEqual(names, {"none": 0, "by_id": 1, "by_time": 2})
            self.assertEqual(file[f"spikes/{population}"].attrs["sorting"], names["by_time"])

    def test_has_as_many_spikes_as_the_figures_say(self):
        file = self.record("all")
        phases = file["trials/phase"][()]
        figures = file["summary"].attrs
        for population in POPULATIONS:
            counts = numpy.diff(file[f"trials/offsets_{population}"][()].astype(numpy.int64))
            for phase, prefix in ((TRAIN_PHASE, ""), (TEST_PHASE, "test_")):
                expected = figures[f"{prefix}spikes_per_image.{population}"]
                self.assertAlmostEqual(counts[phases == phase].mean(), expected)

    def test_of_a_rate_network_is_its_table_of_trials(self):
        self.succeed("train", "rate.toml", "-o", "rate.h5", "--record", "all")
        with h5py.File(self.work / "rate.h5") as file:
            self.assertEqual(len(file["trials/label"]), 3 * TRAIN + TEST)
            self.assertEqual(list(file["spikes"]), [])

    def test_goes_to_the_test_file(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.succeed("test", "run.h5", "-o", "test.h5", "--record", "hidden@10:12")
        with h5py.File(self.work / "test.h5") as file:
            self.check(file, {"hidden": [(TEST_PHASE, 10), (TEST_PHASE, 11)]})

    def test_refuses_what_it_does_not_understand(self):
        for what, word in (("hiden", "did you mean 'hidden'?"), ("hidden@tset:0:1", "tset"), ("hidden@5:5", "5:5"),
                           ("hidden@1:", "1:"), ("hidden@0:9:0", "0:9:0"), ("hidden,hidden", "twice"), (",", ",")):
            with self.subTest(record=what):
                outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--record", what)
                self.assert_refused(outcome, EXIT_USAGE, word)


if __name__ == "__main__":
    main()
