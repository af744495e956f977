"""Training from pictures in folders (examples/tasks/folder.c)."""
import json
import re
import struct
import unittest
import zlib

import example


class FolderTest(example.ExampleTest):
    program = "folder"

    def metadata(self):
        data = (self.folder / "model").read_bytes()
        size, = struct.unpack("<Q", data[:8])
        return json.loads(data[8:8 + size])["__metadata__"]

    def test_it_learns(self):
        out, err = self.run_example("model")
        found = re.findall(r"^epoch (\d): (\d+) of (\d+) held out are right$",
                           out, re.M)
        self.assertEqual([row[0] for row in found], list("12345"))
        self.assertEqual(err, "")
        right, count = map(int, found[-1][1:])
        drawn = list((self.folder / "model.pictures").glob("*/*.png"))
        self.assertEqual(len(drawn), 200)
        self.assertTrue(0.1 < count / len(drawn) < 0.3)
        self.assertGreaterEqual(right, 0.9 * count)
        self.assertEqual(self.metadata()["classes"], "lying\nupright")
        # The same folder, and so the same bits; then one more kind.
        first = self.bytes_of("model")
        again, _ = self.run_example("model", "model.pictures")
        self.assertEqual((again, self.bytes_of("model")), (out, first))
        (self.folder / "model.pictures" / "a").mkdir()
        self.run_example("model", "model.pictures")
        self.assertEqual(self.metadata()["classes"], "a\nlying\nupright")

    def predict(self, *arguments, code=0):
        self.program = "predict"
        out = self.run_example("model", *arguments, code=code)
        self.program = "folder"
        return out

    def change(self, text):
        """Writes another normalisation of as many bytes into the model."""
        data = self.bytes_of("model")[:-4]
        old = json.dumps(self.metadata()["normalisation"])[1:-1].encode()
        new = json.dumps(text)[1:-1].encode()
        self.assertLessEqual(len(new), len(old))
        data = data.replace(old, new.ljust(len(old)))
        (self.folder / "model").write_bytes(
            data + struct.pack("<I", zlib.crc32(data)))

    def test_predict_normalises(self):
        self.run_example("model")
        said = json.loads(self.metadata()["normalisation"])
        self.assertEqual(sorted(said), ["deviation", "mean"])
        for numbers in said.values():
            self.assertEqual(len(numbers), 3)
        (self.folder / "names").write_text("lying\nupright\n")
        pictures = sorted(
            str(path.relative_to(self.folder))
            for path in (self.folder / "model.pictures").glob("*/*.png"))
        out, err = self.predict("--labels=names", *pictures)
        self.assertEqual(err, "")
        found = re.findall(r"^image: \S*/(\w+)/\d+.png recognised as (\w+)$",
                           out, re.M)
        self.assertEqual(len(found), len(pictures))
        right = sum(name == answer for name, answer in found)
        self.assertGreaterEqual(right, 0.95 * len(found))
        # By other numbers the same pictures are others.
        self.change('{"mean": [9, 9, 9], "deviation": [2, 2, 2]}')
        other, _ = self.predict("--labels=names", *pictures)
        self.assertNotEqual(other, out)
        for bad in "0.5", '{"mean": [0], "deviation": [1]}':
            self.change(bad)
            _, err = self.predict(pictures[0], code=65)
            self.assertRegex(err, "model: .*normalisation")

    def test_failures(self):
        self.run_example("model")
        before = self.bytes_of("model")
        victim = self.folder / "model.pictures/lying/1.png"
        victim.write_bytes(b"no picture")
        _, err = self.run_example("model", "model.pictures", code=66)
        self.assertIn("lying/1.png", err)
        self.assertRegex(err, r"the reader failed at sample \d+: "
                              r"model.pictures/lying/1.png")
        self.assertEqual(self.bytes_of("model"), before)
        self.run_example("model", "nowhere", code=66)
        (self.folder / "empty").mkdir()
        _, err = self.run_example("model", "empty", code=65)
        self.assertIn("no folders in it", err)
        self.run_example("a", "b", "c", code=64)
        self.assertEqual(self.bytes_of("model"), before)


if __name__ == "__main__":
    unittest.main()
