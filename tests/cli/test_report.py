"""The page of --report.

    python3 test_report.py FOLDER_OF_PROGRAMS
"""
import base64
import collections
import functools
import html.parser
import os
import resource
import time
import unittest
import xml.etree.ElementTree

from example import FEW, NETWORKS, ExampleTest, accuracy, matrix

PNG, SVG = "data:image/png", "data:image/svg+xml"
VOID = {"meta", "img", "br", "hr", "input", "link", "col"}
# A folder whose name means something in HTML, to the shell and to gnuplot.
WILD = "<b>&\"'; $(x) %s.png"


class Page(html.parser.HTMLParser):
    """What is in a page; complains about tags that do not fit."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.words = [], [], [], []
        self.pictures = collections.defaultdict(list)  # by their type
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "srcset", "data", "poster") or \
                    name.endswith("href"):
                self.links.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    def text(self):
        return "\n".join(self.words)


class Report(ExampleTest):
    def page(self, name="report.html"):
        """After a look at whether it stands for itself."""
        text = (self.folder / name).read_text()
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        page = Page(text)
        for tag in "script", "link", "iframe", "object", "embed", "base":
            self.assertNotIn(tag, page.tags)
        for word in "http:", "https:", "@import", "javascript:", "file:":
            self.assertNotIn(word, text)
        for part in text.split("url(")[1:]:
            self.assertTrue(part.startswith("#"), part[:40])
        for link in page.links:
            self.assertRegex(link, r"^(data:|#)")
            if link.startswith("data:"):
                kind, _, data = link.partition(";base64,")
                page.pictures[kind].append(
                    base64.b64decode(data, validate=True))
        self.assertLessEqual(set(page.pictures), {PNG, SVG})
        for picture in page.pictures[PNG]:
            self.assertEqual(picture[1:4], b"PNG")
        for picture in page.pictures[SVG]:
            self.check_svg(picture)
        return page

    def check_svg(self, picture):
        """A whole document that needs no other, for light and for dark."""
        root = xml.etree.ElementTree.fromstring(picture)
        space = "{http://www.w3.org/2000/svg}"
        self.assertEqual(root.tag, space + "svg")
        style = root.find(space + "style").text
        self.assertIn("@media screen and (prefers-color-scheme:dark)", style)
        # The page is seen through it.
        self.assertEqual([rect.get("fill") for rect in root.iter(space + "rect")
                          if rect.get("width") == root.get("width")], ["none"])
        for element in root.iter():
            self.assertNotIn(element.tag, (space + "script", space + "image"))
            for name, value in element.items():
                if name.endswith("href"):
                    self.assertEqual(value[0], "#")

    def test_all_programs(self):
        for self.program, *head in NETWORKS:
            with self.subTest(self.program, head=head):
                out, err = self.run_example(
                    *head, *FEW[:-1], "--seed=77", "--report=report.html")
                self.assertIn("report: report.html\n", out)
                page, summary = self.page(), self.run_example(*head,
                                                              "--summary")[0]
                text = page.text()
                self.assertIn(f"{100 * accuracy(out):.2f} %", text)
                self.assertIn(summary.split("memory:")[0], text)
                self.assertIn("/" + self.program, text)
                self.assertIn("--seed=77 --report=report.html", text)
                self.assertIn("20 images", text)
                self.assertIn("3 of 3", text)
                # Accuracy and loss over steps, accuracy over time, and the
                # time of a step.
                self.assertEqual(len(page.pictures[SVG]), 4)
                # One for each kernel and mistake.
                mistakes = 100 - sum(row[i] for i, row in
                                     enumerate(matrix(out)))
                kernels = 32 if self.program == "lenet5_wide" else 6
                self.assertEqual(len(page.pictures[PNG]),
                                 kernels + min(mistakes, 40))
                self.assertEqual(text.count(" taken for "), min(mistakes, 40))

    def test_confusion_matrix(self):
        out, _ = self.run_example(*FEW, "--report=report.html")
        words = [word for word in self.page().words if word.strip()]
        cells = [str(cell) for row in matrix(out) for cell in row]
        at = words.index("recognised as")
        found = iter(words[at:at + 200])
        for cell in cells:
            self.assertIn(cell, found)  # goes on from there

    def test_as_published_and_compared(self):
        self.run_example(*FEW, "--log", f"{WILD}.csv")
        self.run_example("--steps=12", "--batch=20", "-q", "--report=r.html",
                         "--compare", f"{WILD}.csv", "--augment",
                         "--clip=0.5")
        text = self.page("r.html").text()
        for word in ("validation", "this run", f"{WILD}.csv", "sgd", "rotation",
                     "0.5", "summed"):
            self.assertIn(word, text)

    def test_what_means_something_is_escaped(self):
        self.data.rename(self.folder / WILD)
        name = f"{WILD}.html"
        out, _ = self.run_example(*FEW, "--data", WILD, "--save", f"m{WILD}",
                                  "--report", name)
        self.assertIn(f"report: {name}", out)
        page = self.page(name)
        self.assertNotIn("b", page.tags)
        text = page.text()
        self.assertIn(f"{WILD}: 600 to train on, 100 to test", text)
        self.assertIn("--save '" + f"m{WILD}".replace("'", "'\\''") + "'",
                      text)

    def test_bytes_that_are_no_text(self):
        name = os.fsdecode(b"m\xff\x01\xc3\xa9")
        self.run_example(*FEW, "--save", name, "--report=report.html")
        self.assertIn("\u00e9", self.page().text())

    def test_without_training(self):
        self.run_example(*FEW, "--save=model")
        out, _ = self.run_example("--no-train", "--load=model",
                                  "--report=report.html")
        page = self.page()
        self.assertIn(f"{100 * accuracy(out):.2f} %", page.text())
        self.assertEqual(page.pictures[SVG], [])

    def test_no_mistakes(self):
        self.run_example("--tuned", "--batch=20", "--epochs=4", "-q",
                         "--report=report.html")
        page = self.page()
        self.assertNotIn("taken for", page.text())
        self.assertEqual(len(page.pictures[PNG]), 6)

    def test_gnuplot_is_missing(self):
        self.environment["PATH"] = "/nonexistent"
        self.run_example(*FEW, "--report=report.html", code=1)
        if "report.html" in os.listdir(self.folder):
            page = self.page()
            self.assertIn("could not be drawn", page.text())
            self.assertEqual(page.pictures[SVG], [])

    def test_nothing_is_left_of_a_page_that_fails(self):
        """The old one stays, whole, and no other file."""
        (self.folder / "report.html").write_text("old")
        self.run_example(*FEW, "--report=whole.html")
        # A page varies by some thousand bytes with the times that it shows.
        # What gnuplot writes by itself is a third of it.
        most = (self.folder / "whole.html").stat().st_size // 2
        (self.folder / "whole.html").unlink()
        limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE,
                                  (most, most))
        # Without the signal, as Python has it, writing fails.
        _, err = self.run_example(*FEW, "--report=report.html", code=74,
                                  preexec_fn=limit, restore_signals=False)
        self.assertRegex(err, "report.html: .*File too large\n$")
        self.assertEqual(self.bytes_of("report.html"), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["data", "report.html"])

    def test_time(self):
        """Not a test of the machine: only prints."""
        start = time.monotonic()
        self.run_example(*FEW, "--threads=1")
        without = time.monotonic() - start
        self.run_example(*FEW, "--threads=1", "--report=report.html")
        print(f"a page takes {time.monotonic() - start - 2 * without:.2f} s")


if __name__ == "__main__":
    unittest.main()
