"""README's pictures show what there is."""

from __future__ import annotations

import importlib.util


def drawn(root):
    spec = importlib.util.spec_from_file_location("make_pictures", root / "tools" / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.draw()


def test_the_pictures_are_what_the_tool_draws_now(root):
    stale = [name for name, svg in drawn(root).items() if (root / "docs" / "pictures" / name).read_text() != svg]

    assert stale == [], "run make docs"


def test_readme_shows_them(root):
    text = (root / "README.md").read_text()

    assert all(f"docs/pictures/{name}" in text for name in drawn(root))
