"""What the commands print: figures on stdout, messages on stderr."""

import csv
import io
import json
import os
import re
import resource
import subprocess
from pathlib import Path

from harness import (EXIT_DATA, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, PROGRAM, RATE, ProgramTestCase, draw_images, idx_images,
                     idx_labels, main, settings)

COMMANDS = ("train", "bank", "test", "inspect", "compare", "study", "incremental", "spiking-match",
            "list", "config", "bench")
NUMBER = (int, float)
ROW_KEYS = {
    "file": str, "name": str, "model": str, "coding": str, "dataset": str, "hidden": int, "seed": int,
    "test_accuracy": NUMBER, "ci95": list, "spikes_per_image": NUMBER, "synaptic_operations_per_image": NUMBER,
}
SOURCES = Path(__file__).resolve().parents[3]


class Help(ProgramTestCase):
    def test_of_the_program_names_every_command_and_the_exit_codes(self):
        outcome = self.succeed("--help")
        for word in (*COMMANDS, "Exit codes"):
            self.assertIn(word, outcome.stdout)
        self.assertEqual(outcome.stderr, "")

    def test_of_each_command_names_its_options(self):
        options = {
            "train": ["CONFIG.toml", "--output", "--set", "--seed", "--threads", "--resume", "--max-time",
                      "--checkpoint-every", "--record", "--from", "--bank", "--json", "--quiet"],
            "bank": ["CONFIG.toml", "--output", "--mosaic", "--set", "--seed", "--threads", "--json", "--quiet"],
            "test": ["RUN.h5", "--output", "--set", "--split", "--record", "--json", "--threads"],
            "inspect": ["RUN.h5", "--population", "--trial", "--picture", "--rows", "--json"],
            "study": ["STUDY|CONFIG", "--vary", "--seeds", "--scale", "--only", "--set", "--output", "--name", "--jobs",
                      "--task", "--gather", "--list", "--threads", "--json", "--markdown", "--csv", "--quiet"],
            "incremental": ["CONFIG.toml", "--output", "--set", "--threads", "--quiet"],
            "spiking-match": ["CONFIG.toml", "--output", "--values", "--set", "--threads", "--quiet"],
            "compare": ["RUN.h5", "--json", "--csv", "--markdown"],
            "list": ["networks", "banks", "rules", "datasets", "commands", "configs", "studies"],
            "config": ["CONFIG.toml", "--set"],
            "bench": ["--suite", "--rows", "--plot", "--images", "--threads", "--json"],
        }
        for command in COMMANDS:
            outcome = self.succeed(command, "--help")
            for word in options[command]:
                self.assertIn(word, outcome.stdout, command)
            self.assertEqual(outcome.stderr, "")

    def test_version_says_how_the_program_was_built(self):
        outcome = self.succeed("--version")
        self.assertRegex(outcome.stdout, r"^shallows \d+\.\d+\.\d+ \(git ")
        for word in ("compiler", "HDF5", "vector"):
            self.assertIn(word, outcome.stdout)

    def test_wrong_usage_is_refused(self):
        for arguments, word in (([], "subcommand"), (["trian"], "did you mean 'train'?"), (["train"], "config"),
                                (["train", "spiking.toml", "--no-such-option"], "--no-such-option"),
                                (["train", "spiking.toml", "--seed", "x"], "--seed"),
                                (["train", "spiking.toml", "--seed", "-1"], "seed"),
                                (["train", "spiking.toml", "--threads", "0"], "--threads"),
                                (["train", "spiking.toml", "--max-time", "-1"], "'-1' is no number above 0"),
                                (["train", "spiking.toml", "--max-time", "nan"], "--max-time"),
                                (["train", "spiking.toml", "--max-time", "5s"], "--max-time"),
                                (["train", "spiking.toml", "--checkpoint-every", "0"], "--checkpoint-every"),
                                (["train", "spiking.toml", "--checkpoint-every", "-5"],
                                 "'-5' is no whole number from 1"),
                                (["inspect", "run.h5", "--trial", "-1"], "--trial"),
                                (["test", "run.h5", "--split", "tset"], "--split"), (["compare"], "runs"),
                                (["compare", "a.h5", "--json", "--csv"], "--"), (["list", "rocks"], "rocks"),
                                (["study"], "what"), (["study", "rate.toml", "--json", "--csv"], "--"),
                                (["study", "rate.toml", "--jobs", "0"], "--jobs"),
                                (["study", "rate.toml", "--task", "1/2", "--gather"], "--task"),
                                (["incremental", "rate.toml"], "--output"), (["spiking-match", "-o", "f"], "config"),
                                (["spiking-match", "rate.toml", "-o", "f", "--values", "0"], "--values")):
            with self.subTest(arguments=arguments):
                self.assert_refused(self.run_program(*arguments), EXIT_USAGE, word)
        self.assertEqual(self.names_in(), ["rate.toml", "spiking.toml"])


class Compare(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.spiking = self.succeed_json("train", "spiking.toml", "-o", "spiking.h5")
        self.rate = self.succeed_json("train", "rate.toml", "-o", "rate.h5")

    def test_gives_an_array_of_rows_as_json(self):
        rows = self.succeed_json("compare", "spiking.h5", "rate.h5")
        self.assertEqual([row["file"] for row in rows], ["spiking.h5", "rate.h5"])
        self.assertEqual([row["coding"] for row in rows], ["spiking", "rate"])
        for row, figures in zip(rows, (self.spiking, self.rate)):
            for key, kind in ROW_KEYS.items():
                self.assertIsInstance(row[key], kind, key)
            for key in ("name", "model", "dataset", "hidden", "seed", "test_accuracy"):
                self.assertEqual(row[key], figures[key])
            low, high = row["ci95"]
            self.assertTrue(0.0 <= low <= row["test_accuracy"] <= high <= 100.0 and low < high, row["ci95"])
            self.assertEqual(row["synaptic_operations_per_image"], figures["test_synaptic_operations_per_image"])
        self.assertAlmostEqual(rows[0]["spikes_per_image"], sum(self.spiking["test_spikes_per_image"].values()))
        self.assertEqual(rows[1]["spikes_per_image"], 0)

    def test_gives_text_csv_and_markdown(self):
        text = self.succeed("compare", "spiking.h5", "rate.h5").stdout
        self.assertIn("spiking.h5", text)
        self.assertIn(f"{self.rate['test_accuracy']:.2f}", text)
        table = list(csv.DictReader(io.StringIO(self.succeed("compare", "spiking.h5", "rate.h5", "--csv").stdout)))
        self.assertEqual([float(row["test_accuracy"]) for row in table],
                         [self.spiking["test_accuracy"], self.rate["test_accuracy"]])
        lines = self.succeed("compare", "spiking.h5", "--markdown").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(all(line.startswith("|") and line.endswith("|") for line in lines))

    def test_takes_test_files(self):
        self.succeed("test", "spiking.h5", "-o", "test.h5", *settings("test.images=30"))
        row = self.succeed_json("compare", "test.h5")[0]
        self.assertEqual((row["file"], row["test_images"]), ("test.h5", 30))

    def test_refuses_a_checkpoint(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--max-time", "1e-9")
        self.assert_refused(self.run_program("compare", "spiking.h5", "run.h5.checkpoint"), EXIT_DATA,
                            "run.h5.checkpoint")


class Inspect(ProgramTestCase):
    def setUp(self):
        super().setUp()
        self.succeed("train", "spiking.toml", "-o", "run.h5", *settings("training.epochs=10"))

    def test_shows_tree_populations_and_curve(self):
        text = self.succeed("inspect", "run.h5").stdout
        for word in ("weights/", "final", "timestamps", "input", "hidden", "readout", "online_accuracy", "CV"):
            self.assertIn(word, text)

    def test_shows_the_raster_of_a_trial(self):
        text = self.succeed("inspect", "run.h5", "--trial", "1").stdout
        self.assertIn("trial 1: test image 1", text)
        for population, size in (("input", 64), ("hidden", 60), ("readout", 3)):
            self.assertRegex(text, rf"{population}: \d+ of {size} neurons fired, \d+ spikes")

    def test_shows_the_wanted_population_only(self):
        figures = self.succeed_json("inspect", "run.h5", "--population", "hidden")
        self.assertEqual([population["name"] for population in figures["populations"]], ["hidden"])
        figures = self.succeed_json("inspect", "run.h5", "--population", "hidden", "--trial", "0")
        self.assertEqual([layer["population"] for layer in figures["trial"]["spikes"]], ["hidden"])

    def test_draws_in_ascii_on_request(self):
        outcome = self.succeed("inspect", "run.h5", "--trial", "0", "--ascii")
        self.assertTrue(outcome.stdout.isascii())

    def test_shows_a_checkpoint(self):
        self.succeed("train", "spiking.toml", "-o", "other.h5", "--max-time", "1e-9")
        self.assertIn("checkpoint", self.succeed("inspect", "other.h5.checkpoint").stdout)

    def test_refuses_what_is_not_there(self):
        self.assert_refused(self.run_program("inspect", "run.h5", "--trial", "1000000"), EXIT_USAGE, "1000000")
        self.assert_refused(self.run_program("inspect", "run.h5", "--population", "hiden"), EXIT_USAGE, "hiden")


class ListAndConfig(ProgramTestCase):
    def test_list_names_everything_that_has_a_name(self):
        text = self.succeed("list", "--configs", SOURCES / "experiments/configs").stdout
        for word in ("networks", "spiking", "rate", "banks", "random", "gabor", "rules", "teacher-stdp", "delta",
                     "datasets", "mnist", "fashion-mnist", "configs", "lif-l-rg", "studies", "illing2019"):
            self.assertIn(word, text)

    def test_list_gives_json_of_one_kind(self):
        figures = self.succeed_json("list", "networks")
        self.assertEqual([entry["name"] for entry in figures["networks"]], ["spiking", "rate", "memory"])
        self.assertEqual(list(figures), ["networks"])

    def test_list_and_help_name_the_same_commands(self):
        listed = self.succeed_json("list", "commands")["commands"]
        helped = re.findall(r"(?m)^  ([\w-]+)  +(\S.*)$", self.succeed("--help").stdout.split("Subcommands:\n")[1])
        self.assertEqual([(entry["name"], entry["description"]) for entry in listed], helped[1:])
        self.assertEqual(helped[0][0], "help")
        self.assertLessEqual(set(COMMANDS), {entry["name"] for entry in listed})

    def test_list_of_configs_in_a_folder_without_any_is_refused(self):
        self.assert_refused(self.run_program("list", "configs", "--configs", "nowhere"), EXIT_USAGE, "nowhere")

    def test_config_prints_what_it_reads_back_to_the_same(self):
        for config in ("spiking.toml", "rate.toml"):
            text = self.succeed("config", config, "--set", "hidden.size=77").stdout
            self.assertIn("size = 77", text)
            self.assertRegex(text, r"(?m)^#.*pixels")
            self.write("effective.toml", text)
            self.assertEqual(self.succeed("config", "effective.toml").stdout, text)

    def test_config_reference_has_every_key_of_every_choice(self):
        text = self.succeed("config", "--reference").stdout
        rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
        for row in rows:
            self.assertEqual(len(row), 5, row)
        keys = [row[0].strip("| `") for row in rows]
        for config in (SOURCES / "experiments/configs").glob("*.toml"):
            section, layers = "", 0
            for line in self.succeed("config", config).stdout.splitlines():
                if line.startswith("[[hidden]]"):
                    layers += 1
                    section = "hidden." if layers == 1 else f"hidden.{layers}."
                elif line.startswith("["):
                    section = line.strip("[]") + "."
                elif " = " in line and not line.startswith("#"):
                    self.assertIn(section + line.split(" = ")[0], keys)
        tau = next(row for row in rows if row[0] == "| `neuron.tau_ms`")
        self.assertEqual(tau[1:3], ["`25.0`", "> 0, at most 1000000"])
        self.assertIn("`model` is `spiking`", tau[4])
        self.assert_refused(self.run_program("config"), EXIT_USAGE, "CONFIG.toml")
        self.assert_refused(self.run_program("config", "rate.toml", "--reference"), EXIT_USAGE, "--reference")

    def test_config_of_every_shipped_configuration_works(self):
        configs = sorted((SOURCES / "experiments/configs").glob("*.toml"))
        self.assertGreaterEqual(len(configs), 12)
        for config in configs:
            self.succeed("config", config)

    def test_a_configuration_is_found_by_its_name_from_any_folder(self):
        by_path = self.succeed("config", SOURCES / "experiments/configs/l-rg.toml").stdout
        self.assertEqual(self.succeed("config", "l-rg").stdout, by_path)
        self.write("l-rg", RATE)  # a file of that name comes first
        self.assertNotEqual(self.succeed("config", "l-rg").stdout, by_path)
        self.assert_refused(self.run_program("train", "l-rgg"), EXIT_USAGE, "unknown configuration 'l-rgg'",
                            "did you mean 'l-rg'?")

    def test_an_installed_program_finds_its_configurations_and_studies(self):
        installed = self.work / "prefix"
        subprocess.run(["cmake", "--install", Path(PROGRAM).parent, "--prefix", installed], check=True, capture_output=True)
        (installed / "share/shallows/configs/mine.toml").write_text("# Only here\nseed = 77\n")
        for name, line in (("mine", "seed = 77"), ("l-rg", 'model = "rate"')):
            done = subprocess.run([installed / "bin/shallows", "config", name], capture_output=True, text=True,
                                  cwd=self.work)
            self.assertIn(line, done.stdout, done.stderr)
        (installed / "share/shallows/studies/mine.toml").write_text('[[row]]\nname = "a"\nconfig = "mine"\n')
        for name in ("mine", "memory"):
            done = subprocess.run([installed / "bin/shallows", "study", name, "--list"], capture_output=True, text=True,
                                  cwd=self.work)
            self.assertIn("--task 1/", done.stdout, done.stderr)

    def test_config_names_the_nearest_key(self):
        self.assert_refused(self.run_program("config", "spiking.toml", "--set", "hiden.size=10"), EXIT_USAGE,
                            "did you mean 'hidden.size'?")


class Bench(ProgramTestCase):
    def test_compares_the_engines_in_one_run(self):
        side = 28
        data = self.work / "root" / "mnist"
        data.mkdir(parents=True)
        images, labels = draw_images(30, 3, side)
        for prefix in ("train", "t10k"):
            (data / f"{prefix}-images-idx3-ubyte").write_bytes(idx_images(images, side))
            (data / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_labels(labels))
        arguments = ["bench", "--hidden", "100", "--patch", "5", "--images", "3"]
        environment = {**os.environ, "SHALLOWS_DATA": str(self.work / "root")}
        plot = self.work / "growth.svg"
        done = self.succeed(*arguments, "--json", "--threads", "2", "--plot", str(plot), env=environment)
        figures = json.loads(done.stdout)
        for key in ("authors_ratio", "reference_ratio", "ceiling_events_per_second", "ceiling_share", "hidden_ms",
                    "hidden_events_per_second", "readout_ms", "train_speedup", "test_speedup", "lanes_computed",
                    "lanes_useful"):
            self.assertGreater(figures[key], 0.0, key)
        self.assertEqual((figures["hidden"], figures["patch"], figures["images"]), (100, 5, 3))
        self.assertEqual(set(figures["ms_per_presentation"]), {"1", "2"})
        self.assertEqual(set(figures["stages_ms"]), {"input", "filtering", "hidden", "ordering", "delay", "readout"})
        self.assertLess(figures["hidden_events_per_second"], figures["ceiling_events_per_second"])
        self.assertEqual([(row["hidden"], row["patch"]) for row in figures["growth"]],
                         [(1000, 10), (2000, 10), (5000, 10), (10000, 10), (20000, 10), (5000, 5), (5000, 15),
                          (5000, 28)])
        for row in figures["growth"]:
            parts = sum(row[f"{stage}_ns_per_event"] for stage in ("filtering", "hidden", "ordering"))
            self.assertTrue(0 < parts < 100 * row["ns_per_event"], row)
            self.assertGreater(row["events"], row["spikes"])
            self.assertGreater(row["ns_per_event"], 0.0)
            self.assertLess(row["bytes"], 300e6)
        self.assertTrue(plot.read_text().startswith("<svg"))
        text = self.succeed(*arguments, env=environment).stdout
        for word in ("bare arithmetic", "stages", "recording", "speed-up", "hidden layer by size"):
            self.assertIn(word, text)

        paper = json.loads(self.succeed(*arguments, "--suite", "paper", "--json", env=environment).stdout)
        slowest = max(paper["ms_per_presentation"].values())
        self.assertEqual(paper["extrapolated_presentations"], 1e6)
        self.assertLessEqual(paper["extrapolated_minutes"], slowest * 1e6 / 60e3 * 1.000001)
        self.assertIn("not run", self.succeed(*arguments, "--suite", "paper", env=environment).stdout)
        outcome = self.run_program(*arguments, "--suite", "paper", "--plot", str(plot), env=environment)
        self.assert_refused(outcome, EXIT_USAGE, "--plot", "--suite engine")
        outcome = self.run_program(*arguments, "--suite", "1", env=environment)
        self.assert_refused(outcome, EXIT_USAGE, "--suite", "engine", "paper", "rate", "memory")
        rate = json.loads(self.succeed(*arguments, "--suite", "rate", "--json", env=environment).stdout)
        self.assertEqual((rate["hidden"], rate["patch"], rate["updates"]), (100, 5, 300))
        self.assertLess(rate["useful_multiply_adds"], rate["multiply_adds"])
        self.assertLess(rate["limit_us"], rate["us_per_update"])
        for row in [*rate["dense"]["batches"], *rate["dense"]["online"]]:
            self.assertGreater(row.get("gflops", row.get("limit_share")), 0, row)
        text = self.succeed(*arguments, "--suite", "rate", env=environment).stdout
        for words in ("of that limit", "direct-feedback-alignment", "784-2000-10 online"):
            self.assertIn(words, text)
        outcome = self.run_program(*arguments, "--plot", str(self.work / "missing" / "x.svg"), env=environment)
        self.assertEqual(outcome.code, EXIT_DATA)
        self.assertIn("bare arithmetic", outcome.stdout)


class Output(ProgramTestCase):
    def test_that_can_t_be_written_to_stdout_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "config", "spiking.toml"], cwd=self.work, stdout=full,
                                  stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, EXIT_DATA)
        self.assertIn(b"standard output", done.stderr)

    def test_of_messages_that_can_t_be_written_ends_no_run(self):
        self.succeed("train", "spiking.toml", "-o", "run.h5", "--max-time", "1e-9")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "train", "spiking.toml", "-o", "run.h5", "--resume"], cwd=self.work,
                                  stdout=subprocess.PIPE, stderr=full)
            self.assertEqual(done.returncode, EXIT_DONE)
            done = subprocess.run([PROGRAM, "train", "missing.toml"], cwd=self.work, stdout=subprocess.PIPE,
                                  stderr=full)
            self.assertEqual(done.returncode, EXIT_USAGE)

    def test_of_a_name_that_is_no_utf_8_is_still_json(self):
        done = subprocess.run([os.fsencode(PROGRAM), b"train", b"rate.toml", b"--json", b"-o", b"\xff.h5"],
                              cwd=self.work, capture_output=True)
        self.assertEqual(done.returncode, EXIT_DONE, done.stderr)
        self.assertEqual(json.loads(done.stdout)["output"], "\ufffd.h5")


class Memory(ProgramTestCase):
    def test_that_does_not_suffice(self):
        if any(name in Path(PROGRAM).read_bytes() for name in (b"__asan_", b"__tsan_")):
            self.skipTest("a sanitizer takes more address space than any limit leaves")
        limit = 300 << 20
        outcome = self.run_program("train", "rate.toml", *settings("hidden.size=1000000", "hidden.patch=8"), "-o",
                                   "run.h5", "--threads", "1",
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        # Fewer neurons help nothing where the covariances of large patches are what is too much.
        self.assert_refused(outcome, EXIT_FAILED, "out of memory", "hidden.size", "--threads", "hidden.patch",
                            'hidden.pca_rule = "sanger"')
        self.assertNotIn("run.h5", self.names_in())


if __name__ == "__main__":
    main()
