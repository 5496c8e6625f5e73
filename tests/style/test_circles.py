"""No module imports another that imports it, directly or through others, for types alone included."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

PLANKS = ("platform", "plugins", "addons")


def modules(root):
    """{dotted name: path} of all our modules."""
    found = {}
    for plank in PLANKS:
        for path in (root / plank).rglob("*.py"):
            parts = path.relative_to(root / plank).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path, ours):
    """Those of our modules that a file imports at any place in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in ours else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def circle(found):
    """The names of the first circle, each imported by the next; empty if there is none."""
    graph = {name: {other for other in imports(path, found) if other in found} - {name} for name, path in found.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_there_is_no_import_circle(root):
    assert circle(modules(root)) == []


@pytest.mark.parametrize("back, expected", [("", []), ("from pkg.a import x\n", ["pkg.a", "pkg.b"])])
def test_a_circle_is_found(tmp_path, back, expected):
    package = tmp_path / "plugins" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("def f():\n    from pkg import b\n")
    (package / "b.py").write_text(back)

    assert sorted(set(circle(modules(tmp_path)))) == expected
