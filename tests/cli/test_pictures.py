"""Pictures that an example reads and writes.

    python3 test_pictures.py FOLDER_OF_PROGRAMS
"""
import re
import struct
import unittest

from example import SIDE, ExampleTest, images, write_png

GREY, RGB, RGBA = 0, 2, 6


class Pictures(ExampleTest):
    def setUp(self):
        super().setUp()
        self.run_example("--tuned", "--batch=20", "--epochs=4", "-q",
                         "--save=model")
        pixels, labels = images(10, "new")
        self.label = 7
        start = 16 + labels[8:].index(self.label) * SIDE * SIDE
        self.digit = pixels[start:start + SIDE * SIDE]

    def classify(self, *arguments):
        """The class and the ten probabilities of one picture."""
        out, _ = self.run_example("--no-train", "--load=model", *arguments)
        lines = out.splitlines()[1:]
        self.assertEqual(len(lines), 11, out)
        first = re.fullmatch(r"image: (.*) recognised as (\d)", lines[0])
        self.assertEqual(first.group(1), arguments[-1])
        values = []
        for number, line in enumerate(lines[1:]):
            match = re.fullmatch(rf"  {number}  (\d\.\d{{6}})", line)
            values.append(float(match.group(1)))
        self.assertAlmostEqual(sum(values), 1, places=5)
        best = int(first.group(2))
        self.assertEqual(values[best], max(values))
        return best, values

    def assert_alike(self, one, other):
        """But for a rounding of the pixels and one of what is printed."""
        self.assertEqual(one[0], other[0])
        for a, b in zip(one[1], other[1]):
            self.assertAlmostEqual(a, b, delta=1e-5)

    def write(self, name, colour_type, pixels, width=SIDE, height=SIDE):
        write_png(self.folder / name, width, height, colour_type, pixels)

    def test_grey(self):
        self.write("grey.png", GREY, self.digit)
        best, values = self.classify("grey.png")
        self.assertEqual(best, self.label)
        self.assertGreater(values[best], 0.5)

    def test_inverted(self):
        self.write("light.png", GREY, self.digit)
        self.write("dark.png", GREY, bytes(255 - p for p in self.digit))
        self.assert_alike(self.classify("light.png"),
                          self.classify("--invert", "dark.png"))

    def test_larger_and_coloured(self):
        big = [bytes(p for p in self.digit[y // 3 * SIDE:][:SIDE]
                     for _ in range(3 * 3)) for y in range(3 * SIDE)]
        self.write("big.png", RGB, b"".join(big), 3 * SIDE, 3 * SIDE)
        self.assertEqual(self.classify("big.png")[0], self.label)

    def test_transparent_is_white(self):
        clear = b"".join(bytes((0, 0, 0, 255 - p)) for p in self.digit)
        self.write("clear.png", RGBA, clear)
        self.write("grey.png", GREY, self.digit)
        self.assert_alike(self.classify("clear.png"), self.classify("grey.png"))

    def test_bmp(self):
        rows = [b"".join(bytes((p, p, p)) for p in self.digit[y * SIDE:][:SIDE])
                for y in reversed(range(SIDE))]
        size = 54 + 3 * SIDE * SIDE
        head = struct.pack("<2s3I3I2H6I", b"BM", size, 0, 54, 40, SIDE, SIDE,
                           1, 24, 0, 0, 0, 0, 0, 0)
        (self.folder / "digit.bmp").write_bytes(head + b"".join(rows))
        self.write("grey.png", GREY, self.digit)
        self.assertEqual(self.classify("digit.bmp"),
                         self.classify("grey.png"))

    def test_several(self):
        self.write("a.png", GREY, self.digit)
        self.write("b.png", GREY, self.digit)
        out, _ = self.run_example("--no-train", "--load=model",
                                  "--classify=a.png", "b.png")
        self.assertEqual(out.count("recognised as"), 2)

    def test_digit_is_written_and_recognised(self):
        out, _ = self.run_example("--no-train", "--load=model",
                                  "--digit=digit.png")
        png = (self.folder / "digit.png").read_bytes()
        self.assertEqual(png[12:24], struct.pack(">4s2I", b"IHDR", SIDE, SIDE))
        self.assertIn("image: digit.png recognised as 0", out)


if __name__ == "__main__":
    unittest.main()
