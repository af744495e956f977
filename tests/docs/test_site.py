"""The site: the start page, a page for each document and each header, and no
link that leads nowhere.

    test_site.py SOURCE [HTML]

Without the folder HTML the site is built first, as a user does: by the target
docs, with CNN_BUILD_DOCS."""
import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

SOURCE = pathlib.Path(sys.argv.pop(1)).resolve()
HTML = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
# The README is for those who look at the repository.
OFF_SITE = {"README.zh.md"}


class Page(html.parser.HTMLParser):
    """Where its links lead, what they may lead to, its title, its words."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.words = [], {""}, []
        self.title, self.inside = "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.inside = tag
        self.links += [given[name] for name in ("href", "src")
                       if given.get(name)]
        self.anchors |= {given[name] for name in ("id", "name")
                         if given.get(name)}

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "title":
            self.title += data
        self.words.append(data)


def dead(pages, folder):
    """The links of name -> Page that lead to no file of the folder, or to no
    place of a page."""
    found = []
    for name, page in pages.items():
        for link in page.links:
            address = urllib.parse.urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = urllib.parse.unquote(address.path) or name
            if target in pages:
                if address.fragment not in pages[target].anchors:
                    found.append(f"{name}: {link}")
            elif not (folder / target).is_file():
                found.append(f"{name}: {link}")
    return found


def read(folder):
    return {path.name: Page(path.read_text("utf-8"))
            for path in sorted(folder.glob("*.html"))}


def heading(path):
    """The first one of a document, as plain text."""
    line = re.search(r"^# (.*)$", path.read_text("utf-8"), re.MULTILINE)[1]
    return re.sub(r"`", "", line)


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = HTML or cls.build()
        cls.pages = read(cls.folder)

    @classmethod
    def build(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        for command in (
                ["-S", SOURCE, "-B", holder.name, "-DCNN_BUILD_DOCS=ON"],
                ["--build", holder.name, "--target", "docs"]):
            done = subprocess.run(
                ["cmake", *command], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                raise AssertionError(done.stdout)
        return pathlib.Path(holder.name) / "docs/html"

    def titles(self):
        return {page.title.split(": ", 1)[-1] for page in self.pages.values()}

    def test_start_page(self):
        words = " ".join(self.pages["index.html"].words)
        self.assertIn("Five minutes", words)
        self.assertIn("cnn_net_create", words)

    def test_documents(self):
        titles = self.titles()
        for path in sorted((SOURCE / "docs").glob("*.md")):
            if path.name not in OFF_SITE | {"start.md"}:
                self.assertIn(heading(path), titles, path.name)

    def test_headers(self):
        titles = self.titles()
        for path in sorted((SOURCE / "include/cnn").glob("*.h")):
            self.assertIn(f"cnn/{path.name} File Reference", titles)

    def test_links(self):
        self.assertGreater(
            sum(len(page.links) for page in self.pages.values()), 1000)
        self.assertEqual(dead(self.pages, self.folder), [])

    def test_all_links_became_links(self):
        """Doxygen leaves some as its own commands, with the machine's paths:
        those whose text goes over two lines."""
        for name, page in self.pages.items():
            self.assertNotIn(f"@ref {SOURCE}", " ".join(page.words), name)

    def test_dead_links_are_found(self):
        pages = {"a.html": Page(
            '<h1 id="x"><a href="#x"><a href="#y"><a href="b.html#x">'
            '<img src="b.png"><a href="http://b.invalid/">')}
        self.assertEqual(dead(pages, self.folder), [
            "a.html: #y", "a.html: b.html#x", "a.html: b.png"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
