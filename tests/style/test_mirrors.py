"""Every file with logic has its mirror test, or is named in mirrors.txt with a reason.

``plugins/sampan_gc/graph.py`` is mirrored by ``tests/plugins/sampan_gc/test_graph.py``, or by tests in a folder of that
name. A file without a function holds no logic: constants, records, Protocols.
"""

from __future__ import annotations

import ast
from collections import Counter

PLANKS = ("platform", "plugins", "addons")
LIST = "tests/style/mirrors.txt"
#: How many files the list may name. Lower it when the list gets shorter; it must never grow.
MOST = 257


def has_logic(source):
    """Whether a function does anything; those of a Protocol do not."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not is_empty(function) for function in functions)


def is_empty(function):
    return all(
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        or (isinstance(statement, ast.Raise) and "NotImplementedError" in ast.unparse(statement))
        for statement in function.body
    )


def mirrors(path):
    """Where the tests of that file may be, relative to tests/."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".py")
    return f"{folder}/test_{stem}.py", f"{folder}/{stem}"


def is_mirrored(root, path):
    file, folder = (root / "tests" / each for each in mirrors(path))
    return file.exists() or (folder.is_dir() and any(folder.glob("test_*.py")))


def files(root):
    for plank in PLANKS:
        for path in sorted((root / plank).rglob("*.py")):
            if path.name != "__init__.py" or has_logic(path.read_text()):
                yield path.relative_to(root).as_posix()


def reasons(text):
    """path → reason. A line ``# …`` is the reason of the paths below it."""
    found, reason = {}, ""
    for line in text.splitlines():
        if line.startswith("# "):
            reason = line.removeprefix("# ")
        elif line.strip():
            found[line.strip()] = reason
    return found


def unmirrored(root):
    return {
        path for path in files(root) if not is_mirrored(root, path) and has_logic((root / path).read_text())
    }  # fmt: skip


def test_every_file_with_logic_is_mirrored_or_listed(root):
    listed = reasons((root / LIST).read_text())

    assert sorted(unmirrored(root) - listed.keys()) == [], f"write its mirror test; else name it in {LIST}"


def test_the_list_names_only_what_has_no_mirror(root):
    listed = reasons((root / LIST).read_text())

    assert sorted(listed.keys() - unmirrored(root)) == [], "take it out: it is gone, or has its mirror test now"


def test_every_listed_file_has_a_reason_and_the_list_does_not_grow(root):
    listed = reasons((root / LIST).read_text())

    assert [path for path, reason in listed.items() if len(reason) < 20] == []
    assert len(listed) <= MOST


def test_the_rules_catch_a_file_without_a_mirror(tmp_path):
    for plank in PLANKS:
        (tmp_path / plank / "sampan_x").mkdir(parents=True)
    for name in ("bare", "there", "spread", "names", "shape"):
        (tmp_path / "plugins" / "sampan_x" / f"{name}.py").write_text("def f():\n    return 1\n")
    (tmp_path / "plugins" / "sampan_x" / "names.py").write_text("A = 1\n")
    (tmp_path / "plugins" / "sampan_x" / "shape.py").write_text('class P:\n    def f(self):\n        """Says."""\n')
    tests = tmp_path / "tests" / "plugins" / "sampan_x"
    (tests / "spread").mkdir(parents=True)
    (tests / "spread" / "test_one.py").write_text("")
    (tests / "test_there.py").write_text("")

    assert unmirrored(tmp_path) == {"plugins/sampan_x/bare.py"}
    assert reasons("# covered elsewhere\na.py\n\n# another reason\nb.py\n") == {
        "a.py": "covered elsewhere",
        "b.py": "another reason",
    }
    assert Counter(mirrors("addons/sampan_y/z.py")) == Counter(["addons/sampan_y/test_z.py", "addons/sampan_y/z"])
