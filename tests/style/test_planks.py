"""What lies where: packages are found, planks have no ``__init__``, nothing is a drawer."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
import tomllib

from setuptools import find_packages

import sampan

PLANKS = ("platform", "plugins", "addons")
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "misc"}

#: Libraries that one place alone may import, so that replacing one is a change in one folder. Those of a plugin's extra
#: are not here: tests/style/test_requirements.py keeps each to its plugin.
PLACES = {
    "falcon": {"sampan_server", "sampan_dashboard"},
    "pluggy": {"sampan_server/plugins", "sampan/hookspecs"},
    "httptools": {"sampan_http"},
    "gunicorn": {"sampan_http", "sampan_operate/supervisor/gateway.py"},
    "sqlite3": {"sampan_sqlite", "sampan_query", "sampan_metrics", "sampan_logging"},
}


def present(root):
    """Packages on disk, by their dotted names."""
    return {
        ".".join(init.parent.relative_to(root / plank).parts)
        for plank in PLANKS
        for init in (root / plank).rglob("__init__.py")
        if "__pycache__" not in init.parts
    }


def setup(root):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(root / "setup.cfg")
    return parser


def shipped(root):
    """Packages that setuptools finds below the roots named in pyproject.toml."""
    told = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert told.keys() == {"where"}
    return {package for plank in told["where"] for package in find_packages(str(root / plank))}


def hidden(root):
    """``__init__.py`` where none may be: it would hide the standard library's ``platform``, or collide under tests."""
    bare = [root / plank / "__init__.py" for plank in PLANKS]
    return sorted(str(p.relative_to(root)) for p in (*bare, *(root / "tests").rglob("__init__.py")) if p.exists())


def drawers(root):
    files = [path for top in (*PLANKS, "tests", "tools") for path in (root / top).rglob("*.py")]
    return sorted(
        str(path.relative_to(root)) for path in files if DRAWERS & {path.stem.removeprefix("test_"), path.parent.name}
    )


def unpackaged(root):
    """Folders of modules that are no package: they would not be in the wheel."""
    folders = {path.parent for plank in PLANKS for path in (root / plank).rglob("*.py")}
    return sorted(str(folder.relative_to(root)) for folder in folders if not (folder / "__init__.py").exists())


def without_entry_point(root):
    """Plugins and add-ons with a plugin.py that no entry point names."""
    parser = setup(root)
    points = parser["options.entry_points"]["sampan.plugins"] + parser["options.entry_points"]["sampan.addons"]
    modules = {f"{path.parent.name}.plugin" for plank in PLANKS[1:] for path in (root / plank).glob("*/plugin.py")}
    return sorted(module for module in modules if module not in points.split())


def imported(path):
    """The top-level names a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def misplaced(root):
    """``module: library`` for each library imported outside its place."""
    found = []
    for plank in PLANKS:
        for path in (root / plank).rglob("*.py"):
            name = path.relative_to(root / plank).as_posix()
            for library in set(imported(path)) & PLACES.keys():
                if not any(name == place or name.startswith(place + "/") for place in PLACES[library]):
                    found.append(f"{name}: {library}")
    return sorted(found)


def test_every_package_is_shipped(root):
    assert shipped(root) == present(root)


def test_the_version_is_the_same_in_both_places(root):
    assert setup(root)["metadata"]["version"] == sampan.__version__


def test_every_plank_is_linted(root):
    told = subprocess.run([sys.executable, "tools/lint-imports"], cwd=root, capture_output=True, text=True)

    assert (told.returncode, "0 broken" in told.stdout) == (0, True), told.stdout + told.stderr


def test_a_package_without_a_floor_is_named(root, tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(root / "tools" / "lint-imports", tmp_path / "tools")
    (tmp_path / "platform" / "sampan_new").mkdir(parents=True)
    (tmp_path / "platform" / "sampan_new" / "__init__.py").write_text("")

    told = subprocess.run([sys.executable, "tools/lint-imports"], cwd=tmp_path, capture_output=True, text=True)

    assert told.returncode == 1
    assert "sampan_new" in told.stderr


def test_no_plank_hides_the_standard_library(root):
    assert hidden(root) == []


def test_no_module_is_a_drawer(root):
    assert drawers(root) == []


def test_every_folder_of_modules_is_a_package(root):
    assert unpackaged(root) == []


def test_every_plugin_can_be_found(root):
    assert without_entry_point(root) == []


def test_libraries_stay_in_their_place(root):
    assert misplaced(root) == []


def test_the_rules_catch_a_bad_tree(tmp_path):
    for path in (
        "platform/__init__.py",
        "plugins/sampan_x/plugin.py",
        "addons/y/utils.py",
        "tests/__init__.py",
        "tools/a.py",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("import falcon.errors\n" if path.endswith("plugin.py") else "")
    (tmp_path / "setup.cfg").write_text("[options.entry_points]\nsampan.plugins =\n  a = b\nsampan.addons =\n  a = b\n")
    (tmp_path / "pyproject.toml").write_text("[tool.setuptools.packages.find]\nwhere = ['plugins', 'addons']\n")
    (tmp_path / "platform/part").mkdir()
    (tmp_path / "platform/part/__init__.py").write_text("")

    assert shipped(tmp_path) == set() != present(tmp_path)
    assert hidden(tmp_path) == ["platform/__init__.py", "tests/__init__.py"]
    assert drawers(tmp_path) == ["addons/y/utils.py"]
    assert unpackaged(tmp_path) == ["addons/y", "plugins/sampan_x"]
    assert without_entry_point(tmp_path) == ["sampan_x.plugin"]
    assert misplaced(tmp_path) == ["sampan_x/plugin.py: falcon"]
