"""Trainings as tables: --log, --log-every, and --compare, which reads them.

    python3 test_log.py FOLDER_OF_PROGRAMS
"""
import json
import os
import time
import unittest
import xml.etree.ElementTree

from example import FEW, NO_LEAK_CHECK, ExampleTest, accuracy, png_size

HEAD = "set,step,epoch,seconds,lr,loss,accuracy"
RUN = "--tuned", "--batch=60", "--epochs=2", "-q"  # 20 steps


class Log(ExampleTest):
    def rows(self, name):
        """Of a log of either kind, the numbers as numbers."""
        lines = (self.folder / name).read_text().splitlines()
        if name.endswith(".jsonl"):
            return [json.loads(line) for line in lines]
        self.assertEqual(lines[0], HEAD)
        return [{key: value if key == "set" else float(value) if value else None
                 for key, value in row.items()} for row in self.table(name)]

    def check(self, rows, held_out, batch, images):
        """All but what belongs to the settings."""
        for row in rows:
            self.assertEqual(",".join(row), HEAD)
            self.assertIn(row["set"], ("training", held_out))
            self.assertAlmostEqual(row["epoch"], row["step"] * batch / images,
                                   places=5)
            self.assertGreaterEqual(row["loss"], 0)
            self.assertTrue(0 <= row["accuracy"] <= 1, row)
        times = [row["seconds"] for row in rows]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], 0)

    def steps(self, rows, kind="training"):
        return [row["step"] for row in rows if row["set"] == kind]

    def test_csv_and_jsonl(self):
        out, _ = self.run_example(*RUN, "--log=a.csv", "--log=A.JSONL",
                                  "--log=b.jsonl")
        rows = self.rows("a.csv")
        self.check(rows, "test", 60, 600)
        self.assertEqual(self.steps(rows), list(range(20)))
        self.assertEqual(self.steps(rows, "test"), [10, 20])
        self.assertEqual(rows[-1]["accuracy"], accuracy(out))
        self.assertEqual(len({row["lr"] for row in rows[:6]}), 6)
        self.assertEqual(self.rows("b.jsonl"), rows)
        self.assertEqual(self.bytes_of("A.JSONL"), self.bytes_of("b.jsonl"))

    def test_as_published(self):
        out, _ = self.run_example("--steps=12", "--batch=50", "--log=a.csv")
        rows = self.rows("a.csv")
        self.check(rows, "validation", 50, 550)
        self.assertEqual(self.steps(rows), list(range(12)))
        self.assertEqual(self.steps(rows, "validation"), [11, 12])
        self.assertEqual(rows[-1]["accuracy"], accuracy(out, "validation"))
        self.assertEqual({row["lr"] for row in rows}, {1e-4})
        self.assertIn(f"step 0, training accuracy {rows[0]['accuracy']:g}\n",
                      out)

    def test_classic(self):
        self.program = "lenet5_classic"
        out, _ = self.run_example(*FEW, "--log=a.csv", "--log-every=2")
        rows = self.rows("a.csv")
        self.check(rows, "test", 20, 600)
        self.assertEqual(self.steps(rows), [0, 2])
        self.assertEqual(rows[-1]["accuracy"], accuracy(out))

    def test_every(self):
        self.run_example(*RUN, "--log=a.csv", "--log-every=7")
        rows = self.rows("a.csv")
        self.assertEqual(self.steps(rows), [0, 7, 14])
        self.assertEqual(self.steps(rows, "test"), [10, 20])

    def test_what_was_there_is_replaced(self):
        (self.folder / "a.csv").write_text("something else\n" * 1000)
        self.run_example(*FEW, "--log=a.csv")
        self.assertEqual(self.steps(self.rows("a.csv")), [0, 1, 2])

    def test_it_grows_while_it_is_trained(self):
        environment = {**self.environment, **NO_LEAK_CHECK}
        with self.start("--tuned", "--batch=20", "--epochs=10000", "-q",
                        "--log=a.csv", "--log=b.jsonl",
                        env=environment) as process:
            for name in "a.csv", "b.jsonl":
                path, end = self.folder / name, time.monotonic() + 30
                while not (path.exists() and path.read_text().count("\n") > 9):
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.01)
                self.assertTrue(path.read_text().endswith("\n"))
            self.interrupt(process)
        self.assertEqual(len(self.rows("a.csv")), len(self.rows("b.jsonl")))

    def test_resume_appends(self):
        logs = "--log=a.csv", "--log=b.jsonl"
        self.run_example(*RUN, "--log=whole.csv", "--log-every=1")
        environment = {**self.environment, **NO_LEAK_CHECK}
        with self.start(*RUN[:-1], "--eval-every=1", *logs,
                        env=environment) as process:
            while not process.stdout.readline().startswith(b"step 1,"):
                self.assertIsNone(process.poll())
            self.interrupt(process)
        self.assertLess(len(self.rows("a.csv")), 22)
        self.run_example(*RUN, *logs, "--resume=lenet5_relu.checkpoint")
        whole, rows = self.rows("whole.csv"), self.rows("a.csv")
        self.assertEqual([row["seconds"] for row in self.rows("b.jsonl")],
                         [row["seconds"] for row in rows])
        for row in whole + rows:
            del row["seconds"]  # it starts anew
        self.assertEqual(rows, whole)

    def test_a_pipe(self):
        os.mkfifo(self.folder / "pipe.csv")
        with self.start(*FEW, "--log=pipe.csv") as process:
            lines = (self.folder / "pipe.csv").read_text().splitlines()
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual((lines[0], len(lines)), (HEAD, 5))

    def test_a_full_disk(self):
        for name in "full.csv", "full.jsonl":
            (self.folder / name).symlink_to("/dev/full")
            out, err = self.run_example(*FEW, "--log", name, "--save=model",
                                        code=74)
            self.assertEqual(err.count(name), 1)  # once, not for each line
            self.assertIn("test accuracy", out)
            self.assertTrue((self.folder / "model").exists())

    def test_of_a_training_that_fails(self):
        self.run_example("--lr=1e4", "--batch=20", "--log=a.csv",
                         "--log=b.jsonl", code=1)
        self.assertEqual(self.steps(self.rows("a.csv"))[0], 0)
        self.assertEqual(len(self.rows("a.csv")), len(self.rows("b.jsonl")))


class Compare(ExampleTest):
    def plot(self, *arguments, code=0):
        out, err = self.run_example(*FEW, "--plot=plot.svg", *arguments,
                                    code=code)
        return err if code != 0 else self.bytes_of("plot.svg").decode()

    def test_two_over_each_other(self):
        self.run_example(*RUN, "--seed=2", "--log=other.csv")
        alone, both = self.plot(), self.plot("--compare=other.csv")
        self.assertIn("other.csv", both)
        self.assertIn("this run", both)
        self.assertNotIn("this run", alone)
        # What gnuplot numbers: at least two more curves in two panels.
        curves = [svg.count('id="gnuplot_plot_') for svg in (alone, both)]
        self.assertGreaterEqual(curves[1], curves[0] + 4)
        xml.etree.ElementTree.fromstring(both)

    def test_several_and_of_other_programs(self):
        for self.program, name in (("lenet5_sigmoid", "a <b> & 'c'.csv"),
                                   ("lenet5_classic", "d.csv"),
                                   ("lenet5_relu", "e.csv")):
            self.run_example(*FEW, "--log", name)
        svg = self.plot("--compare", "a <b> & 'c'.csv",
                        f"--compare={self.folder}/d.csv", "--compare=e.csv",
                        "--compare=e.csv")
        text = "".join(xml.etree.ElementTree.fromstring(svg).itertext())
        self.assertIn("a <b> & 'c'.csv", text)
        self.assertIn("d.csv", text)
        self.run_example(*FEW, "--plot=p.png", "--compare=d.csv")
        self.assertEqual(png_size(self.folder / "p.png"), (1280, 480))

    def test_long_logs(self):
        with open(self.folder / "long.csv", "w") as log:
            print(HEAD, file=log)
            for step in range(20000):
                print(f"training,{step},{step / 100},{step / 50},0.1,,0.5",
                      file=log)
                if step % 1000 == 999:
                    print(f"validation,{step},1,1,0.1,2,", file=log)
        svg = self.plot("--compare=long.csv")
        xml.etree.ElementTree.fromstring(svg)
        self.assertLess(len(svg), 200000)

    def test_its_own_log_from_before(self):
        self.run_example(*RUN, "--log=a.csv")
        self.assertIn("this run", self.plot("--compare=a.csv", "--log=a.csv"))

    def test_no_log(self):
        good = f"{HEAD}\ntraining,0,0,0.1,0.1,2.3,0.1\n"
        for text in ("", "label,0,1\n", good + "training,1,0,0.1\n",
                     good + "training,1,0,0.1,0.1,x,0.1\n", good + "\n",
                     good + "training\n", HEAD[:-1] + "\n", HEAD + ",more\n"):
            with self.subTest(text):
                (self.folder / "bad.csv").write_text(text)
                err = self.plot("--compare=bad.csv", code=65)
                self.assertIn("bad.csv: ", err)
                self.assertEqual(err.count("\n"), 1)
        self.assertIn("line 3", self.plot_of(good + "x\n"))
        self.plot("--compare=data", code=65)
        (self.folder / "empty.csv").write_text(HEAD + "\n")
        self.plot("--compare=empty.csv")

    def plot_of(self, text):
        (self.folder / "bad.csv").write_text(text)
        return self.plot("--compare=bad.csv", code=65)


if __name__ == "__main__":
    unittest.main()
