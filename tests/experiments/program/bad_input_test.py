"""Whatever is wrong: one clear message, the right exit code, and no good file is lost."""

import contextlib
import gzip
import os
import resource
import struct
import subprocess
import unittest

import h5py
from harness import (EXIT_DATA, EXIT_FAILED, EXIT_USAGE, PROGRAM, TRACES, Outcome, ProgramTestCase, contents,
                     draw_images, idx_images, idx_labels, main, settings, write_dataset)


class DataFiles(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.data = self.work / "data"
        write_dataset(self.data)
        self.images = self.data / "train-images-idx3-ubyte"
        self.labels = self.data / "train-labels-idx1-ubyte"
        self.test_labels = self.data / "t10k-labels-idx1-ubyte"

    def assert_data_refused(self, *words):
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--set", f"dataset.directory={self.data}")
        self.assert_refused(outcome, EXIT_DATA, *words)
        self.assertEqual(self.names_in(), ["data", "rate.toml", "spiking.toml"])

    def test_missing(self):
        self.images.unlink()
        self.assert_data_refused("train-images-idx3-ubyte", str(self.data))

    def test_missing_folder(self):
        self.data = self.work / "nowhere"
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--set", f"dataset.directory={self.data}")
        self.assert_refused(outcome, EXIT_DATA, "nowhere")

    def test_missing_mnist_says_how_to_get_it(self):
        self.write("mnist.toml", 'model = "spiking"\n')
        environment = {**os.environ, "SHALLOWS_DATA": str(self.work / "none")}
        outcome = self.run_program("train", "mnist.toml", "-o", "run.h5", env=environment)
        self.assert_refused(outcome, EXIT_DATA, "scripts/data.sh mnist", "none/mnist")

    def test_unknown_data_set(self):
        self.write("mnist.toml", 'model = "spiking"\n[dataset]\nname = "mnits"\n')
        outcome = self.run_program("train", "mnist.toml", "-o", "run.h5")
        self.assert_refused(outcome, EXIT_USAGE, "mnits", "mnist")

    def test_truncated(self):
        content = self.images.read_bytes()
        for length in (0, 2, 9, 16, len(content) // 2, len(content) - 1):
            self.images.write_bytes(content[:length])
            self.assert_data_refused(self.images.name, "empty" if length == 0 else "truncated")

    def test_over_long(self):
        self.images.write_bytes(self.images.read_bytes() + b"\0")
        self.assert_data_refused(self.images.name, "over-long")

    def test_wrong_magic_number(self):
        for magic in (b"\x89PNG", b"\0\0\x0d\x03"):
            self.images.write_bytes(magic + self.images.read_bytes()[4:])
            self.assert_data_refused(self.images.name)

    def test_images_and_labels_swapped(self):
        self.images.write_bytes(self.labels.read_bytes())
        self.assert_data_refused(self.images.name, "swapped")

    def test_absurd_dimensions(self):
        for sizes in ((2**32 - 1, 2**32 - 1, 2**32 - 1), (10, 0, 8), (10, 5000, 5000), (2**31, 8, 8)):
            self.images.write_bytes(struct.pack(">IIII", 0x803, *sizes) + bytes(640))
            self.assert_data_refused(self.images.name)

    def test_mismatched_counts(self):
        self.labels.write_bytes(idx_labels([0, 1, 2]))
        self.assert_data_refused(self.labels.name, "240 images, 3 labels")

    def test_empty(self):
        self.images.write_bytes(idx_images([]))
        self.labels.write_bytes(idx_labels([]))
        self.assert_data_refused("holds no")

    def test_one_class_only(self):
        self.labels.write_bytes(idx_labels([1] * 240))
        self.assert_data_refused(self.labels.name, "one class")

    def test_test_labels_out_of_range(self):
        labels = bytearray(self.test_labels.read_bytes())
        labels[-1] = 200
        self.test_labels.write_bytes(labels)
        self.assert_data_refused(self.test_labels.name, "200")

    def test_test_images_of_another_size(self):
        (self.data / "t10k-images-idx3-ubyte").write_bytes(idx_images(draw_images(90, 2, 10)[0], 10))
        self.assert_data_refused("t10k-images-idx3-ubyte", "10 x 10")

    def test_damaged_compressed_files(self):
        content = gzip.compress(self.images.read_bytes())
        self.images.unlink()
        packed = self.data / (self.images.name + ".gz")
        middle = len(content) // 2
        flipped = bytearray(content)
        flipped[middle] ^= 0x55
        wrong_sum = bytearray(content)
        wrong_sum[-8] ^= 1
        for damaged in (content[:5], content[:middle], content[:-1], bytes(flipped), bytes(wrong_sum)):
            packed.write_bytes(damaged)
            self.assert_data_refused(packed.name)
        packed.write_bytes(content)
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--set", f"dataset.directory={self.data}")

    def test_folder_in_place_of_a_file(self):
        self.images.unlink()
        self.images.mkdir()
        self.assert_data_refused(self.images.name, "directory")

    def test_more_held_out_than_there_is(self):
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--set", "dataset.validation=240")
        self.assert_refused(outcome, EXIT_USAGE, "dataset.validation", "240")


class Configuration(ProgramTestCase):
    def assert_config_refused(self, *words, text=None, changes=(), config="spiking.toml"):
        if text is not None:
            self.write(config, text)
        outcome = self.run_program("train", config, "-o", "run.h5", *settings(*changes))
        self.assert_refused(outcome, EXIT_USAGE, *words)
        self.assertNotIn("run.h5", self.names_in())

    def test_missing_or_no_file(self):
        self.assert_config_refused("missing.toml", config="missing.toml")
        (self.work / "folder.toml").mkdir()
        self.assert_config_refused("folder.toml", config="folder.toml")

    def test_broken_toml(self):
        self.assert_config_refused("spiking.toml", "line 2", text='model = "spiking"\n[hidden\nsize = 3\n')
        self.assert_config_refused("spiking.toml", text="\0\xff\x01 no text")

    def test_unknown_keys_name_the_nearest(self):
        for key, nearest in (("hidden.sise=3", "hidden.size"), ("neuron.tau=3", "neuron.tau_ms"),
                             ("training.epoch=3", "training.epochs"), ("sead=3", "seed"),
                             ("test.imges=3", "test.images")):
            self.assert_config_refused(f"did you mean '{nearest}'?", changes=[key])
        self.assert_config_refused("did you mean 'hidden.patch'?", "line 3",
                                   text='model = "spiking"\n[hidden]\npach = 4\n')

    def test_ill_typed_values(self):
        for change in ("hidden.size=many", "hidden.size=2.5", 'hidden.size="60"', "hidden.size=true", "seed=-1",
                       "neuron.tau_ms=fast", "neuron.tau_ms=[1]", "protocol.carry_over=1", "hidden.kind=3",
                       "training.epochs=nan", "training.learning_rate=inf", "hidden.size="):
            self.assert_config_refused(change.split("=")[0], "allowed", changes=[change])

    def test_unknown_names(self):
        self.assert_config_refused("did you mean 'gabor'?", changes=["hidden.kind=gabro"])
        self.assert_config_refused("did you mean 'teacher-stdp'?", changes=["readout.rule=teacher-stpd"])
        self.assert_config_refused("did you mean 'spiking'?", changes=["model=spikng"])

    def test_values_out_of_range(self):
        for change in ("hidden.size=0", "hidden.size=1000000000", "hidden.patch=0", "neuron.tau_ms=-10",
                       "neuron.tau_ms=0", "neuron.refractory_ms=-1", "neuron.delay_ms=-0.1", "training.epochs=-1",
                       "training.learning_rate=-1", "input.gain_mV=-1", "protocol.learning_ms=0"):
            self.assert_config_refused(change.split("=")[0], "out of range", changes=[change])

    def test_patch_larger_than_the_image(self):
        self.assert_config_refused("hidden.patch = 9", "8 x 8", changes=["hidden.patch=9"])

    def test_neurons_that_do_not_fill_their_places(self):
        self.assert_config_refused("hidden.features = 7 does not divide hidden.size = 60", config="rate.toml",
                                   changes=["hidden.kind=random", "hidden.size=60", "hidden.features=7"])

    def test_networks_in_which_nothing_learns(self):
        self.assert_config_refused('readout.rule = "fixed" leaves nothing to learn', config="rate.toml",
                                   changes=["readout.rule=fixed"])

    def test_threshold_below_the_reset(self):
        self.assert_config_refused("neuron.reset_mV", "neuron.threshold_mV", changes=["neuron.reset_mV=25"])
        self.assert_config_refused("neuron.reset_mV", "neuron.threshold_mV", changes=["neuron.threshold_mV=-1"])

    def test_keys_of_the_other_model(self):
        self.assert_config_refused("neuron.tau_ms", "model", config="rate.toml", changes=["neuron.tau_ms=20"])
        self.assert_config_refused("readout.bias_max", "model", changes=["readout.bias_max=1"])

    def test_settings_that_are_no_settings(self):
        self.assert_config_refused("key=value", changes=["hidden.size"])
        self.assert_config_refused("key=value", changes=["=3"])
        self.assert_config_refused("section", changes=["hidden=3"])

    def test_a_seed_that_is_too_large(self):
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--seed", str(2**63))
        self.assert_refused(outcome, EXIT_USAGE, "seed")


class UnwritableOutput(ProgramTestCase):
    def assert_output_refused(self, output, *words):
        before = self.names_in()
        outcome = self.run_program("train", "spiking.toml", "-o", output)
        self.assert_refused(outcome, EXIT_DATA, *words)
        self.assertEqual(self.names_in(), before)
        if (self.work / "run.h5").exists():
            self.assert_refused(self.run_program("test", "run.h5", "-o", output), EXIT_DATA, *words)

    def test_below_a_file(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assert_output_refused("rate.toml/run.h5", "rate.toml")
        self.assert_output_refused("rate.toml/deep/er/run.h5", "rate.toml")

    def test_a_folder(self):
        (self.work / "folder").mkdir()
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assert_output_refused("folder", "folder", "directory")

    def test_what_is_no_regular_file(self):
        os.mkfifo(self.work / "pipe")
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        self.assert_output_refused("pipe", "pipe", "not a regular file")

    def test_in_proc(self):
        self.assert_output_refused("/proc/run.h5", "/proc")

    def test_the_configuration_itself(self):
        before = (self.work / "spiking.toml").read_text()
        self.assert_output_refused("spiking.toml", "spiking.toml", "reads")
        self.assertEqual((self.work / "spiking.toml").read_text(), before)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_in_a_folder_without_permission(self):
        (self.work / "locked").mkdir(mode=0o500)
        self.assert_output_refused("locked/run.h5", "locked")


class FullDisk(ProgramTestCase):
    """The good run that is there must survive."""

    def check(self, directory, run, reason):
        self.succeed("train", "spiking.toml", "-o", directory / "run.h5")
        before = (directory / "run.h5").read_bytes()
        # The first fails at the end, the second in the recording of the training, the third at a checkpoint.
        for extra in (["--record", "all@test:0:end", *settings("hidden.size=400")],
                      ["--record", "all", *settings("training.epochs=4")], settings("hidden.size=40000")):
            outcome = run("train", "spiking.toml", "-o", directory / "new.h5", *extra)
            self.assert_refused(outcome, EXIT_DATA, "new.h5", reason)
            self.assertEqual((directory / "run.h5").read_bytes(), before)
            self.assertEqual([path.name for path in directory.iterdir() if path.name.endswith(".part")], [])
            for path in directory.iterdir():
                contents(path)  # whatever is left can be read
                if path.name != "run.h5":
                    path.unlink()
        outcome = run("test", directory / "run.h5", "-o", directory / "test.h5", "--record", "all@test:0:end")
        self.assert_refused(outcome, EXIT_DATA, "test.h5", reason)
        self.assertEqual([path.name for path in directory.iterdir()], ["run.h5"])
        self.succeed("test", directory / "run.h5")

    @contextlib.contextmanager
    def small_disk(self, kilobytes):
        directory = self.work / "disk"
        directory.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", directory],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"can't mount a small tmpfs here: {mounted.stderr.strip()}")
        try:
            yield directory
        finally:
            subprocess.run(["umount", directory], check=True)

    def test_a_small_disk(self):
        with self.small_disk(500) as directory:
            self.check(directory, self.run_program, "No space left")

    def test_a_limit_of_the_size_of_files(self):
        directory = self.work / "disk"
        directory.mkdir()

        def run(*arguments):
            # Python ignores SIGXFSZ and hands that on, so that the write fails as on a full disk.
            done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.work, capture_output=True, text=True,
                                  restore_signals=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (450_000, 450_000)))
            return Outcome(done.returncode, done.stdout, done.stderr)

        self.check(directory, run, "File too large")


class Hdf5Files(ProgramTestCase):
    def assert_file_refused(self, name):
        for command in (["test", name], ["compare", name], ["compare", "good.h5", name]):
            self.assert_refused(self.run_program(*command), EXIT_DATA, name)

    def setUp(self):
        super().setUp()
        self.succeed("train", "spiking.toml", "-o", "good.h5")

    def test_missing_text_and_empty_files(self):
        self.write("text.h5", "no HDF5 at all\n" * 100)
        self.write("empty.h5", "")
        (self.work / "folder.h5").mkdir()
        for name in ("missing.h5", "text.h5", "empty.h5", "folder.h5"):
            self.assert_file_refused(name)
            self.assert_refused(self.run_program("inspect", name), EXIT_DATA, name)

    def test_truncated(self):
        content = (self.work / "good.h5").read_bytes()
        for length in (100, 1000, len(content) // 2, len(content) - 100):
            (self.work / "cut.h5").write_bytes(content[:length])
            self.assert_file_refused("cut.h5")
            self.assert_refused(self.run_program("inspect", "cut.h5"), EXIT_DATA, "cut.h5")

    def test_foreign(self):
        with h5py.File(self.work / "foreign.h5", "w") as file:
            file["data"] = [1.0, 2.0, 3.0]
            file.attrs["format"] = "something else"
        self.assert_file_refused("foreign.h5")
        self.assertIn("data", self.succeed("inspect", "foreign.h5").stdout)

    def damaged(self, change):
        path = self.work / "damaged.h5"
        path.write_bytes((self.work / "good.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            change(file)
        return "damaged.h5"

    def test_run_files_with_parts_missing_or_of_another_shape(self):
        def replace(file, name, values):
            del file[name]
            file[name] = values

        changes = {
            "no weights": lambda file: file.__delitem__("weights/readout/final"),
            "no bank": lambda file: file.__delitem__("receptive_fields"),
            "no thresholds": lambda file: file.__delitem__("thresholds"),
            "no provenance": lambda file: file.__delitem__("provenance"),
            "no configuration": lambda file: file["provenance"].attrs.__delitem__("config"),
            "no image shape": lambda file: file.__delitem__("network/image_shape"),
            "fewer rows": lambda file: replace(file, "receptive_fields/row", file["receptive_fields/row"][:-1]),
            "patch outside": lambda file: replace(file, "receptive_fields/row", file["receptive_fields/row"][()] + 7),
            "other weights": lambda file: replace(file, "weights/readout/final", file["weights/readout/final"][:2]),
            "text for weights": lambda file: replace(file, "weights/readout/final", "none"),
            "newer format": lambda file: file.attrs.__setitem__("format_version", 99),
        }
        for name, change in changes.items():
            with self.subTest(damage=name):
                outcome = self.run_program("test", self.damaged(change))
                self.assert_refused(outcome, EXIT_DATA)

    def test_run_files_with_bits_flipped_do_not_crash_the_program(self):
        content = (self.work / "good.h5").read_bytes()
        for k in range(40):
            place = (k * 7919 + 13) % len(content) if k % 2 else (k * 53) % 4096
            flipped = bytearray(content)
            flipped[place] ^= 0x5A
            (self.work / "flipped.h5").write_bytes(flipped)
            for command in ("test", "inspect", "compare"):
                outcome = self.run_program(command, "flipped.h5")
                self.assertIn(outcome.code, (0, EXIT_FAILED, EXIT_USAGE, EXIT_DATA),
                              f"{command}, byte {place}: {outcome}")
                for trace in TRACES:
                    self.assertNotIn(trace, outcome.stderr, f"{command}, byte {place}")


class SilentNetwork(ProgramTestCase):
    def assert_silent(self, population, *changes):
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", *settings(*changes))
        self.assert_refused(outcome, EXIT_FAILED, f"the {population} population stayed silent", "raise")
        self.assertNotIn("run.h5", self.names_in())

    def test_input(self):
        self.assert_silent("input", "input.gain_mV=0.5", "input.bias_mV=0")

    def test_hidden(self):
        self.assert_silent("hidden", "hidden.scale=0.001", "hidden.bias_mV=0")

    def test_readout(self):
        self.assert_silent("readout", "readout.bias_mV=-500")

    def test_a_good_run_of_before_stays(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        before = (self.work / "run.h5").read_bytes()
        outcome = self.run_program("train", "spiking.toml", "-o", "run.h5", "--force",
                                   *settings("input.gain_mV=0.5", "input.bias_mV=0"))
        self.assertEqual(outcome.code, EXIT_FAILED)
        self.assertIn("kept as 'run.h5.bak'", outcome.stderr)
        self.assertEqual((self.work / "run.h5.bak").read_bytes(), before)

    def test_a_network_that_is_silent_in_the_test_only(self):
        # Less than the delay, so nothing arrives.
        self.succeed("train", "spiking.toml", "-o", "run.h5")
        for split in ("test", "train"):
            outcome = self.run_program("test", "run.h5", "-o", "test.h5", "--split", split,
                                       *settings("protocol.test_ms=0.01", "protocol.count_ms=0.01"))
            self.assert_refused(outcome, EXIT_FAILED, f"silent on all {split} images")
            self.assertNotIn("test.h5", self.names_in())


if __name__ == "__main__":
    main()
