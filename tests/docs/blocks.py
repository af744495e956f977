"""The fenced blocks of Markdown files, and what is to be done with each.

What a block is for follows from its language. A comment right before it says
what else holds, as words:

    <!-- test: fragment -->           C: statements, put into fragment.c, run
    <!-- test: save NAME -->          also kept as a file for blocks after it
    <!-- test: run -->                cmake: built, not only configured
    <!-- test: tree -->               sh: run at the top of a copy of the source
    <!-- test: output -->             text: what the block before it printed
    <!-- test: like FILE -->          json: as in the header of that model file
    <!-- test: no-run REASON... -->   not run; the reason is printed

C, Python and sh are run in any case but the last.

C without main() that is no fragment, a language that nobody knows, and a fence
without any are errors.
"""
import dataclasses
import pathlib
import re

LANGUAGES = "c", "cmake", "json", "python", "sh", "text"
FENCE = re.compile(r"^( *)(```+|~~~+) *(\S*) *$")
COMMENT = re.compile(r"^<!-- test: (.*?) -->$")
MAIN = re.compile(r"^int main\(", re.MULTILINE)
WORDS = {"c": {"fragment", "save"}, "sh": {"tree"}, "cmake": {"run"},
         "text": {"output"}, "json": {"like"}}
NAMING = "save", "like"  # a name follows them


class Mistake(Exception):
    """The document is wrong, wherever the block would lead."""


@dataclasses.dataclass
class Block:
    where: str  # "README.md:57"
    language: str
    text: str
    run: bool = False
    tree: bool = False
    output: bool = False
    fragment: bool = False
    save: str = ""
    like: str = ""
    reason: str = ""  # why it is not run


def obey(block, words):
    """Sets what the words of the comment say."""
    if words[:1] == ["no-run"]:
        block.reason = " ".join(words[1:])
        if not block.reason:
            raise Mistake(f"{block.where}: no-run without a reason")
        return
    while words:
        word = words.pop(0)
        if word not in WORDS.get(block.language, ()):
            raise Mistake(f"{block.where}: '{word}' before {block.language}")
        if word in NAMING and not words:
            raise Mistake(f"{block.where}: {word} without a name")
        setattr(block, word, words.pop(0) if word in NAMING else True)


def checked(block, comment):
    if block.language not in LANGUAGES:
        raise Mistake(f"{block.where}: the language is '{block.language}', "
                      f"expected one of {', '.join(LANGUAGES)}")
    obey(block, comment.split())
    if block.language == "c" and not block.reason:
        if block.fragment == bool(MAIN.search(block.text)):
            raise Mistake(f"{block.where}: expected main(), or the word "
                          "fragment before it, and not both")
    return block


def blocks_of(name, text):
    """All blocks of a text, in order."""
    found, inside, comment, used = [], None, "", True
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if inside is not None:
            indent, marks, start, language, lines = inside
            if fence and fence[2].startswith(marks) and not fence[3]:
                body = "".join(row[len(indent):] + "\n" for row in lines)
                found.append(checked(Block(f"{name}:{start}", language, body),
                                     comment))
                inside, comment, used = None, "", True
            else:
                lines.append(line)
        elif line.lstrip().startswith(("```", "~~~")):
            if not fence:
                raise Mistake(f"{name}:{number}: a fence with more than a "
                              "language")
            inside, used = (fence[1], fence[2], number, fence[3], []), True
        elif COMMENT.match(line):
            comment, used = COMMENT.match(line)[1], False
        elif line.strip() and not used:
            raise Mistake(f"{name}:{number}: a test comment without a block")
    if inside is not None or not used:
        raise Mistake(f"{name}: it ends within a block, or before one")
    return found


def shape(text):
    """A pattern for what is printed: a figure stands for any figure, a space
    for any spaces, and ... for anything."""
    kinds = r"(\.\.\.|\d+(?:\.\d+)?|\s+)"
    return re.compile(r"\A" + "".join(
        re.escape(part) if number % 2 == 0
        else ".*?" if part == "..."
        else r"\s+" if part.isspace()
        else r"\d+(?:\.\d+)?"
        for number, part in enumerate(re.split(kinds, text.strip()))) +
        r"\Z", re.DOTALL)


def documents(source):
    """The files that are looked at, as paths below the source."""
    return [pathlib.Path("README.md"),
            *sorted(path.relative_to(source)
                    for path in (source / "docs").glob("*.md"))]


def links_of(text):
    """The targets of links to files."""
    bare = re.sub(r"^ *(```+|~~~+).*?^ *\1", "", text, flags=re.M | re.S)
    return [link.split("#")[0]
            for link in re.findall(r"\]\(([^)\s]+)\)", bare)
            if not re.match(r"[a-z]+:|#", link)]
