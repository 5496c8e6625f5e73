"""Writes a package for a new plugin from templates: checks the name, never overwrites. Knows no plugin.

A template is a file whose name ends in ``.in``; in it @NAME@ stands for the plugin's name (no-latest), @PACKAGE@ for
the Python package (no_latest), @CLASS@ for a class (NoLatest). ``package-`` begins the names of the package's files.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sampan.errors import ConfigError
from sampan_server.plugins.plugins import ADDON_GROUP, PLUGIN_GROUP, suggest

#: Kinds of plugins, with a description.
KINDS = {
    "admission": "refuses or changes writes",
    "controller": "makes the cluster converge",
    "scheduler": "judges nodes for pods",
    "kind": "a new kind of object with its controller",
    "addon": "a client of the API that the cluster runs",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_COMMON = "common"


def write(name: str, kind: str, into: Path) -> list[Path]:
    """Write the files of a new plugin below ``into/name`` and return them. Raises ConfigError for an invalid name or an
    existing folder."""
    _check(name, kind)
    place = into / name
    if place.exists():
        raise ConfigError(f"{place} is there already, and nothing is overwritten; choose another name or --into")
    package = name.replace("-", "_")
    words = {
        "@NAME@": name,
        "@PACKAGE@": package,
        "@CLASS@": "".join(part.capitalize() for part in name.split("-")),
        "@PLURAL@": package.replace("_", "") + "s",
        "@GROUP@": ADDON_GROUP if kind == "addon" else PLUGIN_GROUP,
        "@WHAT@": KINDS[kind],
    }
    written = []
    for template in (*_templates(_COMMON), *_templates(kind)):
        path = place / _target(template.name, package)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(_filled(template.read_text(), words))
        written.append(path)
    return sorted(written)


def _check(name: str, kind: str) -> None:
    if kind not in KINDS:
        raise ConfigError(f"{kind!r} is no kind of plugin{suggest(kind, KINDS)}; one of {', '.join(KINDS)}")
    package = name.replace("-", "_")
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be a plugin's name: small letters, digits and single hyphens, a letter first, "
            f"at most {_LONGEST}"
        )
    if keyword.iskeyword(package) or package in ("test", "tests", "sampan") or importlib.util.find_spec(package):
        raise ConfigError(f"there is a Python module called {package} already; choose another name")
    points = importlib.metadata.entry_points()
    if name in {point.name for group in (PLUGIN_GROUP, ADDON_GROUP) for point in points.select(group=group)}:
        raise ConfigError(f"a plugin called {name} is installed already; choose another name")


def _templates(folder: str) -> list[Traversable]:
    return sorted((t for t in files(__package__).joinpath(folder).iterdir() if t.name.endswith(".in")), key=_by_name)


def _by_name(template: Traversable) -> str:
    return template.name


def _target(name: str, package: str) -> str:
    """Templates are in one folder: ``package-plugin.py.in`` is the package's plugin.py, ``tests-x.py.in`` is
    tests/x.py."""
    bare = name.removesuffix(".in")
    for folder, real in (("package", package), ("tests", "tests")):
        if bare.startswith(f"{folder}-"):
            return f"{real}/{bare.removeprefix(f'{folder}-')}"
    return bare


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
