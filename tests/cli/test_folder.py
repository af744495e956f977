"""Training from pictures in folders (examples/tasks/folder.c)."""
import json
import re
import struct
import unittest

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
