"""docs/glossary.md names one word for each idea; the words that it drops are refused where they can be recognised.

Looked at: docstrings, comments and identifiers of Python files, and Markdown pages. Text that a program prints is not.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

#: Dropped word → what to write. Patterns are for lower-case text; identifiers are split into their words first.
DROPPED = {
    r"strangers?": "third-party plugin",
    r"fenc(e|es|ed|ing)": "isolation, isolated",
    r"sow(s|n|ing)?": "bootstrap objects are created",
    r"books? of wrongs|wrongs": "failure log",
    r"straight road": "answered later (handoff)",
    r"said once": "logged once",
    r"dice": "random source",
    r"anew": "again",
    r"whoever": "the one that; name it: the caller, the client, the process",
    r"nobody": "no one, no caller, no client; or say what does not happen",
    r"somebody": "name it: another client, a user, another process",
    r"heirs?": "successor",
    r"hitherto|thereof|whereof|nought|ere|lest|betwixt|thence|whence": "plain English",
}
#: (end of the path, pattern of the line) → why the word is meant.
ALLOWED = {
    ("tests/style/test_words.py", r""): "the list itself and its samples",
    ("docs/glossary.md", r"^\|"): "the column of dropped words",
    ("tests/e2e/support/guide.py", r"fenced ``sh`` blocks"): "Markdown's own word",
    ("tests/e2e/support/images.py", r"^USER = "): "the Unix user of that name",
    ("tests/e2e/test_charts.py", r"database.folder.chmod"): "the Unix user of that name",
}
WORDS = re.compile(rf"\b({'|'.join(DROPPED)})\b", re.IGNORECASE)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")


def python_text(source):
    """(line number, text) of docstrings, comments and identifiers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for number, statement in enumerate(node.body):
                follows = number and isinstance(node.body[number - 1], ast.Assign | ast.AnnAssign)
                if number and not (follows and isinstance(node, ast.ClassDef)):
                    continue  # a text below a field is its documentation
                value = statement.value if isinstance(statement, ast.Expr) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield from enumerate(value.value.splitlines(), statement.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.NAME:
            yield token.start[0], " ".join(CAMEL.split(token.string))


def dropped_in(path, text):
    """(line number, word) for each dropped word of a file."""
    if not WORDS.search(CAMEL.sub(" ", text)):
        return []
    lines = python_text(text) if path.endswith(".py") else enumerate(text.splitlines(), 1)
    whole = text.splitlines()
    found = []
    for number, line in lines:
        for word in WORDS.findall(line):
            if not is_allowed(path, whole[number - 1] if number <= len(whole) else line):
                found.append((number, word[0].lower()))
    return sorted(set(found))


def is_allowed(path, line):
    return any(path.endswith(end) and re.search(pattern, line) for end, pattern in ALLOWED)


def files(root):
    """Every file to look at, as paths relative to the root."""
    for place in ("platform", "plugins", "addons", "docs", "examples", "tests", "tools"):
        for path in sorted((root / place).rglob("*")):
            if path.suffix in (".py", ".md") and ".egg-info" not in str(path) and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix()
    yield from (path.name for path in sorted(root.glob("*.md")))


def test_no_dropped_word_is_used(root):
    found = {
        f"{path}:{number}": word for path in files(root) for number, word in dropped_in(path, (root / path).read_text())
    }

    assert found == {}, "see docs/glossary.md"


def test_every_dropped_word_of_the_list_is_in_the_glossary_or_plain_english(root):
    glossary = (root / "docs" / "glossary.md").read_text()

    assert [
        word for word in ("stranger", "fence", "sown", "wrongs", "straight road", "dice") if word not in glossary
    ] == []


def test_the_rule_catches_each_place():
    sample = (
        '"""A stranger."""\n\n\nclass FencedCall:\n    field: int = 0\n    """Made anew."""\n\n\n# nobody comes\n'
        'def sow_seeds():\n    return "somebody"\n'
    )

    assert dropped_in("x.py", sample) == [(1, "stranger"), (4, "fenced"), (6, "anew"), (9, "nobody"), (10, "sow")]
    assert dropped_in("x.md", "whoever\nfenced\n") == [(1, "whoever"), (2, "fenced")]
    assert dropped_in("docs/glossary.md", "| random source | | | dice |\n") == []
