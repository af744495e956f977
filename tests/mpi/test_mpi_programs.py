"""The example programs as ranks of one training.

    python3 test_mpi_programs.py FOLDER_OF_PROGRAMS MPIEXEC
"""
import os
import re
import shlex
import signal
import unittest

from programs import FOLDER, MPIEXEC, OPEN_MPI, TRAIN, RanksTest

from example import accuracy, matrix


class Together(RanksTest):
    def test_one_prints_and_writes(self):
        out, err = self.together(
            2, *TRAIN, "--save=m", "--log=l.csv", "--plot=p.png",
            "--report=r.html", "--confusion=c.csv", "--checkpoint=k",
            "--digit=d.png")
        self.assertRegex(out, r"\Alenet5_relu: libcnn \S+, ranks 2, each with "
                              r"threads [1-9]\d*, seed 1\n")
        for what in "libcnn", "data: ", "test accuracy", "d.png recognised":
            self.assertEqual(out.count(what), 1, out)
        self.assertEqual(len(re.findall("^epoch 1: ", err, re.M)), 1, err)
        steps = [row["step"] for row in self.table("l.csv")
                 if row["set"] == "training"]
        self.assertEqual(steps, list(map(str, range(30))))
        for name in "p.png", "r.html", "c.csv", "k":
            self.assertGreater(len(self.bytes_of(name)), 100)

    def test_results_are_those_of_the_whole_test_set(self):
        out, _ = self.together(2, *TRAIN, "--save=m", "--report=r.html")
        alone, _ = self.run_example("--load=m", "--no-train")
        self.assertEqual(matrix(out), matrix(alone))
        self.assertEqual(sum(map(sum, matrix(out))), 100)
        self.assertEqual(accuracy(out), accuracy(alone))
        self.assertIn(f"{100 * accuracy(out):.0f} of 100 images",
                      self.bytes_of("r.html").decode())

    def test_as_one_process(self):
        """What is trained does not depend on how many do it, but for
        rounding: so neither does the loss, and the held-out one."""
        self.run_example(*TRAIN, "--log=one.csv")
        self.together(2, *TRAIN, "--log=two.csv")
        one, two = self.table("one.csv"), self.table("two.csv")
        self.assertEqual(len(one), len(two))
        for a, b in zip(one, two):
            self.assertEqual((a["set"], a["step"]), (b["set"], b["step"]))
            # Of 30 steps in float: far more than rounding was seen to do, far
            # less than another batch would.
            self.assertAlmostEqual(float(a["loss"]), float(b["loss"]), 4)

    def test_threads_that_are_asked_for(self):
        out, _ = self.together(2, *TRAIN, "--threads=3")
        self.assertIn("ranks 2, each with threads 3,", out)

    def test_alone_it_leaves_mpi_alone(self):
        """With a runtime that does not exist MPI could not begin."""
        self.environment["OMPI_MCA_ess"] = "no_such_runtime"
        self.run_example(*TRAIN)


class Refused(RanksTest):
    def test_wrong_usage(self):
        self.refused(*self.command(2, "--steps=x"), code=64,
                     text="lenet5_relu: --steps 'x': expected a whole number")

    def test_missing_data(self):
        self.refused(*self.command(2, "--data=nowhere"), code=66,
                     text="lenet5_relu: nowhere: no train-images")

    def test_missing_checkpoint(self):
        self.refused(*self.command(2, *TRAIN, "--resume=nothing"), code=66,
                     text="rank 0: ")

    def test_failure_of_one(self):
        self.refused(*self.command(1, *TRAIN), ":",
                     *self.command(1, *TRAIN, "--data=nowhere"), code=66,
                     text="rank 1: lenet5_relu: nowhere: no train-images")

    def test_more_ranks_than_images_in_a_batch(self):
        self.refused(*self.command(2, *TRAIN, "--batch=1"), code=65,
                     text="rank 0: batch 1, expected at least 2")


class Stopped(RanksTest):
    LONG = "--tuned", "--steps=400", "--batch=20", "--eval-every=1"

    def test_interrupt_of_another_rank(self):
        """Ends all, saves once, and goes on as if nothing had been."""
        self.together(2, *self.LONG, "--save=whole")
        with self.mpiexec(*self.command(2, *self.LONG, "--save=m")) as process:
            self.read_until(process, "step 2,")
            os.kill(self.ranks_of(process)[1], signal.SIGINT)
            _, err = self.ended(process, 130)
        self.assertEqual(err.count("saved in lenet5_relu.checkpoint"), 1, err)
        self.assertFalse((self.folder / "m").exists())
        line, = (line for line in err.splitlines()
                 if line.startswith(" mpiexec "))
        command = shlex.split(line)
        self.assertEqual(command[:4], ["mpiexec", "-n", "2",
                                       str(FOLDER / "lenet5_relu")])
        with self.mpiexec(*command[1:]) as process:
            self.ended(process)
        self.assertEqual(self.bytes_of("m"), self.bytes_of("whole"))

    def test_interrupt_of_mpiexec(self):
        """Open MPI's waits a second before it passes the signal on, and reads
        no more of what the ranks print: so this takes some seconds and prints
        little."""
        long = "--tuned", "--steps=8000", "--batch=20", "--eval-every=400"
        with self.mpiexec(*self.command(2, *long)) as process:
            self.read_until(process, "step 400,")
            process.send_signal(signal.SIGINT)
            _, err = self.ended(process, None)
        self.assertIn("saved in lenet5_relu.checkpoint", err)
        self.together(2, *long, "--resume=lenet5_relu.checkpoint")


class Others(RanksTest):
    def test_comparison(self):
        self.program = "lenet5_sweep"
        out, _ = self.together(2, "--batch=20", "--steps=3", "-q",
                               "--vary=optimizer", "--csv=t.csv")
        self.assertEqual(len(re.findall("^optimizer ", out, re.M)), 4, out)
        self.assertEqual(len(self.table("t.csv")), 4)

    def test_task(self):
        self.program = "denoise"
        out, _ = self.together(2, "--epochs=1", "--save=m", "--picture=p.png")
        self.assertEqual(out.count("model: m"), 1, out)
        self.assertGreater(len(self.bytes_of("p.png")), 100)

    def test_built_without_mpi(self):
        """It would be two trainings, that write the same files."""
        self.program = "lenet5_alone"
        self.refused(*self.command(2, *TRAIN), code=69,
                     text="started as one of 2 ranks, but built without MPI")
        self.together(1, *TRAIN)
        self.run_example(*TRAIN)

    def test_another_mpi(self):
        """Its mpiexec starts processes that do not know each other."""
        other = "mpiexec.mpich" if OPEN_MPI else "mpiexec.openmpi"
        try:
            process = self.mpiexec(*self.command(2, *TRAIN), mpiexec=other)
        except FileNotFoundError:
            self.skipTest(f"there is no {other}")
        with process:
            _, err = self.ended(process, None)
        self.assertEqual(err.count("as one of 2 ranks, and sees 1"), 1, err)


if __name__ == "__main__":
    print(MPIEXEC)
    unittest.main()
