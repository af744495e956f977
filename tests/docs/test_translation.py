"""docs/README.zh.md says what README.md says, as far as can be told without
reading it: section by section the same figures, names in code and rows of
tables, and the same blocks up to their comments.

    test_translation.py SOURCE"""
import collections
import pathlib
import re
import sys
import unittest

from blocks import blocks_of

SOURCE = pathlib.Path(sys.argv.pop(1))
PAGES = SOURCE / "README.md", SOURCE / "docs/README.zh.md"
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
# Not those in names, as in LeNet-5.
FIGURE = re.compile(r"(?<![\w-])\.?\d+(?:[.,]\d+)*", re.ASCII)
NOTE = {"c": re.compile(r"/\*.*?\*/", re.DOTALL)}


def sections(text):
    """What is compared, for each heading."""
    found = []
    for part in re.split(r"^(?=#+ )", FENCED.sub("", text), flags=re.M)[1:]:
        part = re.sub(r"\]\([^)]*\)", "]", part)
        code = [" ".join(name.split()) for name in re.findall("`(.*?)`", part,
                                                              re.DOTALL)]
        prose = re.sub("`.*?`", "", part, flags=re.DOTALL)
        found.append({
            "level": len(part) - len(part.lstrip("#")),
            "rows": len(re.findall(r"^\|", part, re.MULTILINE)),
            "items": len(re.findall(r"^- ", part, re.MULTILINE)),
            "code": collections.Counter(code),
            "figures": collections.Counter(FIGURE.findall(prose)),
        })
    return found


def blocks(text):
    return [(b.language, b.run, b.tree, b.fragment, b.save, b.reason,
             [line.rstrip() for line in NOTE.get(b.language, re.compile("#.*"))
              .sub("", b.text).splitlines()])
            for b in blocks_of("page", text)]


class Translation(unittest.TestCase):
    def setUp(self):
        self.maxDiff = None
        self.texts = [page.read_text("utf-8") for page in PAGES]

    def test_sections(self):
        english, chinese = map(sections, self.texts)
        self.assertEqual(len(english), len(chinese))
        for number, pair in enumerate(zip(english, chinese), 1):
            with self.subTest(section=number):
                self.assertEqual(*pair)

    def test_blocks(self):
        english, chinese = map(blocks, self.texts)
        self.assertGreater(len(english), 0)
        self.assertEqual(english, chinese)

    def test_links_to_each_other(self):
        for page, text, other in zip(PAGES, self.texts, reversed(PAGES)):
            links = re.findall(r"\]\(([^)]*)\)", text.split("\n## ")[0])
            self.assertIn(other.resolve(),
                          [(page.parent / link).resolve() for link in links])

    def test_changes_are_noticed(self):
        text = "# A\n\n1.2 of 3, `x`\n\n| 4 |\n- e\n\n```sh\nls  # it\n```\n"
        for old, new in (("1.2", "1.3"), (", `x`", ""), ("`x`", "`y`"),
                         ("# A", "## A"), ("| 4 |\n", "4\n"), ("- e\n", "")):
            self.assertNotEqual(sections(text),
                                sections(text.replace(old, new)), old)
        self.assertNotEqual(blocks(text), blocks(text.replace("ls", "cd")))
        self.assertEqual(blocks(text), blocks(text.replace("it", "that")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
