"""A saved file is what docs/model-format.md says, and the reader that stands
there reads it."""
import json
import pathlib
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from support.model_file import read_model, saver  # noqa: E402

SHAPES = {"0.weight": [8, 1, 3, 3], "0.bias": [8],
          "3.weight": [10, 32], "3.bias": [10]}
SLOTS = {"0.slot0": [80], "0.slot1": [80], "3.slot0": [330], "3.slot1": [330]}
KINDS = ["conv2d", "activation", "maxpool2d", "dense"]


def product(shape):
    count = 1
    for size in shape:
        count *= size
    return count


class ModelFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "model.safetensors"

    def write(self, *words):
        done = saver(words[0], self.path, *words[1:])
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.path.read_bytes()

    def test_layout(self):
        blob = self.write("write", 1)
        length = int.from_bytes(blob[:8], "little")
        header = blob[8:8 + length]
        self.assertEqual((8 + length) % 64, 0)
        self.assertTrue(header.startswith(b"{"))
        self.assertTrue(header.rstrip(b" ").endswith(b"}"))
        at = 0
        for name, entry in json.loads(header).items():
            if name == "__metadata__":
                self.assertTrue(all(isinstance(text, str)
                                    for text in entry.values()))
                continue
            begin, end = entry["data_offsets"]
            size = {"F32": 4, "U8": 1}[entry["dtype"]]
            self.assertEqual(begin, at, name)
            self.assertEqual(end - begin, size * product(entry["shape"]), name)
            at = end
        self.assertEqual(name, "__crc32__")
        self.assertEqual(at, len(blob) - 8 - length)
        self.assertEqual(zlib.crc32(blob[:-4]).to_bytes(4, "little"), blob[-4:])

    def test_model(self):
        self.write("write", -0.7)
        metadata, tensors = read_model(self.path)
        self.assertEqual(list(metadata), ["libcnn", "architecture"])
        self.assertEqual(metadata["libcnn"], {"version": 1})
        net = metadata["architecture"]
        self.assertEqual(list(net), ["input", "loss", "reduction", "layers"])
        self.assertEqual((net["input"], net["loss"], net["reduction"]),
                         ([1, 6, 6], 0, 0))
        self.assertEqual([layer["kind"] for layer in net["layers"]], KINDS)
        self.assertEqual(net["layers"][0]["filters"], 8)
        self.assertEqual({name: shape for name, (shape, _) in tensors.items()},
                         SHAPES)
        for name, (shape, floats) in tensors.items():
            self.assertEqual(len(floats), product(shape))
            # The float nearest to -0.7.
            self.assertEqual(set(floats), {-0.699999988079071}, name)

    def test_metadata(self):
        """Those of a user are plain strings, whatever is in them."""
        texts = {"scale": "x / 255", "classes": '["T-shirt", "Coat"]',
                 "note": "a\n\t\"b\" \\ \x01\x7f", "no JSON": "{[",
                 "größe": "28×28 \u2028 \U0001f9e6", "empty": ""}
        words = [word for pair in texts.items() for word in pair]
        blob = self.write("write", 1, *words)
        header = json.loads(blob[8:8 + int.from_bytes(blob[:8], "little")])
        there = header["__metadata__"]
        self.assertEqual(list(there), ["libcnn", "architecture", *texts])
        self.assertEqual({key: there[key] for key in texts}, texts)
        metadata, _ = read_model(self.path)
        self.assertEqual({key: metadata[key] for key in texts}, texts)
        self.assertEqual(metadata["libcnn"], {"version": 1})

    def test_checkpoint(self):
        self.write("train", 7)
        metadata, tensors = read_model(self.path)
        self.assertEqual(list(metadata),
                         ["libcnn", "architecture", "trainer", "position"])
        self.assertEqual({name: shape for name, (shape, _) in tensors.items()},
                         {**SHAPES, **SLOTS})
        trainer = metadata["trainer"]
        self.assertEqual(list(trainer),
                         ["optimizer", "optimizer_settings", "batch", "seed",
                          "flags", "clip_norm", "samples", "dataset",
                          "schedule", "augmentation", "average", "stopping"])
        self.assertEqual(list(trainer["optimizer_settings"]),
                         ["beta1", "beta2", "eps", "weight_decay", "decoupled"])
        self.assertEqual((trainer["optimizer"], trainer["samples"]),
                         ("adam", 13))
        position = metadata["position"]
        self.assertEqual(abs(position.pop("lr") - 0.01) < 1e-9, True)
        self.assertEqual(list(position.pop("plateau")),
                         ["loss", "samples", "best", "waited", "scale"])
        self.assertEqual(list(position.pop("sums")),
                         ["epoch", "loss", "count", "correct"])
        self.assertIsInstance(position.pop("net_seed"), int)
        self.assertEqual(position, {"step": 7, "passes": 7, "epoch": 2,
                                    "position": 2, "updates": [7, 0, 0, 7],
                                    "frozen": [0] * 4, "lr_factors": [1.0] * 4,
                                    "settled": 0, "averaged": 0, "best": None})
        # Adam's mean of squares.
        self.assertGreater(min(tensors["3.slot1"][1]), 0)

    def test_damage(self):
        blob = bytearray(self.write("write", 1))
        blob[100] ^= 1
        self.path.write_bytes(blob)
        with self.assertRaises(ValueError):
            read_model(self.path)


if __name__ == "__main__":
    unittest.main()
