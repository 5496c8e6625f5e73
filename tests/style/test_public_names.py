"""What third parties may import: the list in docs/layers.md. Examples, the scaffold and our plugins keep to it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

from sampan.moved import MOVED


def public(root):
    """The names in the section's table."""
    text = (root / "docs" / "layers.md").read_text()
    section = text.partition("## What a third-party plugin may import")[2].partition("\n## ")[0]
    return {
        name for row in re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    }


def imports(text):
    """(module, name) for each import of ours, wherever in the text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0].startswith("sampan"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0].startswith("sampan"))


def outside(text, allowed):
    """The imports that the list does not allow."""
    return sorted(
        name for name in imports(text) if not any(name == each or name.startswith(each + ".") for each in allowed)
    )


def plugin_code(root):
    """(path, code) of what a third party writes, as we show it, and of our own plugins and add-ons."""
    for path in sorted((root / "examples" / "plugins").rglob("*.py")):
        yield path, path.read_text()
    for path in sorted((root / "platform" / "sampan_operate" / "scaffold").rglob("*.py.in")):
        yield path, re.sub(r"@(\w+)@", r"own_\1", path.read_text())
    for plank in ("plugins", "addons"):
        for path in sorted((root / plank).rglob("*.py")):
            own = path.relative_to(root / plank).parts[0]
            yield path, re.sub(rf"\b(from|import) {own}\b", r"\1 own", path.read_text())


def test_every_public_name_can_be_imported(root):
    names = public(root)

    assert len(names) >= 8
    for name in names:
        pkgutil.resolve_name(name)


def test_plugins_keep_to_the_public_names(root):
    allowed = public(root)

    assert {
        str(path.relative_to(root)): found for path, code in plugin_code(root) if (found := outside(code, allowed))
    } == {}


def test_the_rule_catches_an_import_of_an_engine():
    assert outside("from sampan_server import app\nimport sampan.errors", {"sampan.errors"}) == ["sampan_server.app"]


@pytest.mark.parametrize("former", MOVED)
def test_former_names_lead_to_the_same_module(former):
    code = (
        "import importlib, sys, warnings\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        f"    old = importlib.import_module({former!r})\n"
        f"new = importlib.import_module({MOVED[former]!r})\n"
        "assert old is new and new.__spec__.name == new.__name__, (old, new)\n"
        f"assert any({MOVED[former]!r} in str(each.message) for each in told)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_former_wsgi_entry_point_works():
    code = "import sampan.apiserver.wsgi, sampan_server.wsgi\nassert sampan.apiserver.wsgi is sampan_server.wsgi"

    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_a_name_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match=r"sampan\.nothing"):
        importlib.import_module("sampan.nothing")
    with pytest.warns(DeprecationWarning), pytest.raises(ModuleNotFoundError, match=r"sampan\.client\.nothing"):
        importlib.import_module("sampan.client.nothing")
