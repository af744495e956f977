"""What bench prints and writes, at its smallest. No time is looked at.

    test_bench.py BENCH FIRST"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

BENCH, FIRST = sys.argv.pop(1), sys.argv.pop(1)
BASELINE = pathlib.Path(__file__).with_name("baseline.json")
NETWORKS = "relu", "sigmoid", "wide", "classic"
SMALL = "--networks=relu", "--threads=1", "--batch=1", "--rounds=1"
PARTS = ["im2col", "sgemm", "col2im", "direct", "winograd", "convolution",
         "dense", "elementwise", "pooling", "loss", "update", "other",
         "waiting"]
TIMES = {"min_ms", "median_ms", "gflop", "E"}


def bench(*arguments, **variables):
    return subprocess.run([BENCH, *arguments], capture_output=True, text=True,
                          check=False, env={**os.environ, **variables})


class Bench(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.file = pathlib.Path(holder.name) / "figures.json"

    def measure(self, *arguments, **variables):
        """What a run wrote and printed."""
        done = bench(*arguments, f"--json={self.file}", **variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(self.file.read_text()), done.stdout

    def check_times(self, times):
        self.assertEqual(set(times), TIMES)
        self.assertTrue(0 < times["min_ms"] <= times["median_ms"], times)
        self.assertGreater(times["E"], 0)

    def check_waiting(self, row):
        """It is what is left of the time of all threads: below zero, a moment
        would have been counted twice."""
        split = row["split"]
        self.assertGreater(split["parts_ms"]["waiting"],
                           -1e-3 * split["wall_ms"])

    def test_rows(self):
        figures, _ = self.measure(*SMALL)
        self.assertEqual(set(figures), {"build", "load", "peak_gflops", "rows"})
        self.assertIn("blas_core", figures["build"])
        self.assertGreater(figures["peak_gflops"], 0)
        row, = figures["rows"]
        self.assertEqual(
            [row[key] for key in ("network", "threads", "batch", "side")],
            ["relu", 1, 1, 28])
        self.check_times(row["step"])
        self.check_times(row["forward"])
        # 683,280 multiply-adds; twice that and the first layer's less for the
        # gradients.
        self.assertAlmostEqual(row["forward"]["gflop"], 1.36656e-3, 8)
        self.assertAlmostEqual(row["step"]["gflop"], 3.86448e-3, 8)

    def test_split(self):
        figures, out = self.measure(*SMALL, "--layers",
                                    CNN_ALGORITHM="im2col")
        row, = figures["rows"]
        parts = row["split"]["parts_ms"]
        self.assertEqual(list(parts), PARTS)
        for name in ("im2col", "sgemm", "col2im", "elementwise", "pooling",
                     "loss", "update"):
            self.assertGreater(parts[name], 0, name)
            self.assertRegex(out, rf"\n    {name} +\d+\.\d+ ms")
        self.check_waiting(row)
        self.assertEqual([layer["kind"] for layer in row["layers"]],
                         ["conv2d", "activation", "maxpool2d"] * 2 +
                         ["dense", "activation", "dense", "softmax"])
        self.assertRegex(out, r"\n     0 conv2d +\d+\.\d+ +\d+\.\d+")

    def test_split_of_direct_kernels(self):
        figures, _ = self.measure(*SMALL)
        row, = figures["rows"]
        direct = row["split"]["parts_ms"]["direct"]
        self.assertEqual(direct > 0,
                         figures["build"]["kernels"] != "baseline")

    def test_split_of_threads(self):
        figures, _ = self.measure("--networks=wide", "--threads=2",
                                  "--batch=20", "--rounds=1")
        row, = figures["rows"]
        self.assertGreater(row["split"]["parts_ms"]["winograd"], 0)
        self.check_waiting(row)

    def test_all_networks(self):
        figures, out = self.measure("--threads=1", "--batch=2", "--rounds=1")
        self.assertEqual([row["network"] for row in figures["rows"]],
                         list(NETWORKS))
        for name in NETWORKS:
            self.assertRegex(out, rf"\n{name} +1 +2 +\d+\.\d+")

    def test_growth(self):
        figures, out = self.measure("--growth", "--networks=relu",
                                    "--rounds=1")
        series = {one["grows"]: one["rows"] for one in figures["growth"]}
        self.assertEqual(list(series), ["batch", "filters", "side", "threads"])
        self.assertEqual([row["batch"] for row in series["batch"]][-1], 2000)
        self.assertEqual([row["width"] for row in series["filters"]],
                         [1, 2, 4, 8])
        self.assertEqual([row["side"] for row in series["side"]],
                         [28, 56, 112, 224])
        self.assertEqual([row["threads"] for row in series["threads"]],
                         [1, 2, 3, 4])
        for name, rows in series.items():
            self.assertRegex(out, rf"as {name} grows")
            for row in rows:
                self.check_times(row["step"])
                self.assertGreater(row["ratio"], 0)

    def test_reading(self):
        done = bench("--reading", "--networks=relu", "--threads=1",
                     "--batch=50", "--rounds=1")
        self.assertEqual(done.returncode, 0, done.stderr)
        row = done.stdout.splitlines()[-1].split()
        self.assertEqual(row[:3], ["relu", "1", "50"])
        self.assertEqual(len(row), 9)
        for figure in row[3:]:
            self.assertGreater(float(figure), 0)

    def test_layers_of(self):
        figures, out = self.measure("--layers-of=lenet 1-6,32-32 1x7",
                                    "--rounds=1", CNN_ALGORITHM="im2col")
        self.assertEqual(
            [(row["name"], row["batch"]) for row in figures["rows"]],
            [("lenet 1-6 5x5 at 28", 1), ("lenet 1-6 5x5 at 28", 64),
             ("lenet 32-32 1x7 at 17", 1), ("lenet 32-32 1x7 at 17", 32)])
        for row in figures["rows"]:
            self.assertEqual(row["algorithm"], "im2col")
            self.assertGreater(row["both_ms"], 0)
            self.assertGreater(row["dw"], 0)
            # The gradient of images is not computed.
            self.assertEqual(row["dx"] > 0, "1-6" not in row["name"])
            self.assertIn(row["name"] + " ", out)
        # 6 filters of 5 x 5, 28 x 28 pixels.
        self.assertAlmostEqual(figures["rows"][0]["forward_gflop"], 2.352e-4, 7)

    def test_check(self):
        """Against figures that nobody reaches, and that everybody does."""
        figures, _ = self.measure(*SMALL)
        row, = figures["rows"]
        for factor, count in (1e-6, 2), (1e6, 0):
            for what in "step", "forward":
                row[what]["min_ms"] = factor
            self.file.write_text(json.dumps(figures))
            done = bench(*SMALL, f"--check={self.file}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.count("slower: relu"), count)
            self.assertIn(f"{count} of 2 times are slower", done.stdout)

    @unittest.skipUnless(BASELINE.exists(), "there is none")
    def test_baseline(self):
        """It has a row for all that is measured by default."""
        rows = json.loads(BASELINE.read_text())["rows"]
        self.assertEqual(
            [(row["network"], row["threads"], row["batch"]) for row in rows],
            [(name, threads, batch) for name in NETWORKS
             for threads in (1, 2) for batch in (1, 32, 200)])

    def test_check_refuses(self):
        figures, _ = self.measure(*SMALL)
        figures["build"]["blas_core"] = "Abacus"
        for text, reason in ((json.dumps(figures), "Abacus"),
                             ("{}", "not written by --json"), ("", "bench:")):
            self.file.write_text(text)
            done = bench(*SMALL, f"--check={self.file}")
            self.assertEqual(done.returncode, 1)
            self.assertIn(reason, done.stderr)

    def test_beside(self):
        folder = self.file.parent
        pixels = bytes(i * i % 251 for i in range(20 * 784))
        (folder / "images").write_bytes(
            struct.pack(">4I", 0x803, 20, 28, 28) + pixels)
        (folder / "labels").write_bytes(
            struct.pack(">2I", 0x801, 20) + bytes(range(10)) * 2)
        for mode, more in (("train", {"losses", "resident_mb"}),
                           ("predict", set())):
            done = bench(f"--beside={mode}", *SMALL[:2], "--batch=10",
                         "--rounds=3", str(folder))
            self.assertEqual(done.returncode, 0, done.stderr)
            out = json.loads(done.stdout)
            self.assertEqual(set(out), {"build", "ms"} | more)
            self.assertTrue(0 < out["ms"]["min"] <= out["ms"]["median"])
            self.assertTrue((folder / "relu.safetensors").exists())
            self.assertEqual(len(out.get("losses", "abc")), 3)
        model = folder / "relu.safetensors"
        self.assertIn("ms  " + FIRST, self.first_prediction(model).stdout)
        self.assertNotEqual(self.first_prediction(BENCH).returncode, 0)
        outputs = struct.unpack("<100f", (folder / "relu.outputs").read_bytes())
        for i in range(0, 100, 10):
            self.assertAlmostEqual(sum(outputs[i:i + 10]), 1, 5)

    def first_prediction(self, model):
        return subprocess.run(
            [sys.executable, BASELINE.with_name("first_prediction.py"), model,
             FIRST, "--rounds=2"], capture_output=True, text=True, check=False)

    def test_usage(self):
        self.assertIn("--growth", bench("--help").stdout)
        for wrong in ("--threads=0", "--batch=x", "--networks=none",
                      "--rounds=-1", "--beside=train", "--beside=x", "folder",
                      "--layers-of=none"):
            done = bench(wrong)
            self.assertEqual(done.returncode, 64, wrong)
            self.assertIn("bench:", done.stderr)


if __name__ == "__main__":
    unittest.main()
