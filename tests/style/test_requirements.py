"""What is installed is locked: every version with hashes, within the ranges of setup.cfg, and from no named place."""

from __future__ import annotations

import ast
import configparser
import re
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement

LOCKS = ("run.txt", "dev.txt", "upkeep.txt", "clients.txt")
ENTRY = re.compile(r"^([a-z0-9-]+)==([^ ]+)(?: ; ([^\\]+))?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)


def locked(text):
    """(name, version, markers, number of hashes) of each entry."""
    return [(name, version, markers, hashes.count("--hash")) for name, version, markers, hashes in ENTRY.findall(text)]


def wanted(root):
    """What setup.cfg names, by the set it belongs to ("" is what everybody gets)."""
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg")
    found = {"": parser["options"]["install_requires"].split("\n"), **{
        extra: lines.split("\n") for extra, lines in parser["options.extras_require"].items()
    }}  # fmt: skip
    sets = {extra: [Requirement(line) for line in lines if line.strip()] for extra, lines in found.items()}
    return {extra: [one for one in requirements if one.name != "sampan"] for extra, requirements in sets.items()}


def plugins(root):
    """The names of plugins and add-ons."""
    return {path.parent.name.removeprefix("sampan_") for plank in ("plugins", "addons")
            for path in (root / plank).glob("*/plugin.py")}  # fmt: skip


def parts(root):
    """Packages of the platform, plugins and add-ons, by name: the distributions that each imports."""
    known = packages_distributions()
    found = {}
    for plank in ("platform", "plugins", "addons"):
        for path in (root / plank).rglob("*.py"):
            package = path.relative_to(root / plank).parts[0]
            names = {canonical(dist) for name in imported(path) for dist in known.get(name, ())}
            found.setdefault(package, set()).update(names)
    return found


def imported(path):
    """The top-level names a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


#: Needed by one plugin alone and yet what everybody gets, and why.
FOR_ALL = {"wsproto": "sampan_node: a cluster without a node runs nothing; 2 packages of pure Python"}


def misplaced(sets, imports, plugins):
    """A sentence for each requirement that is in the wrong set, or in any set and imported by nothing."""
    found = [f"[{extra}] is not called after a plugin" for extra in sets if extra and extra not in plugins]
    for extra, requirements in sets.items():
        for name in (canonical(one.name) for one in requirements):
            users = sorted(part for part, dists in imports.items() if name in dists)
            if not users:
                found.append(f"{name} is imported by nothing")
            elif extra and (f"sampan_{extra}" not in users or not set(users) <= _naming(sets, name)):
                found.append(f"{name} is in [{extra}], but {', '.join(users)} import it")
            elif not extra and len(users) == 1 and users[0].removeprefix("sampan_") in plugins and name not in FOR_ALL:
                found.append(f"{name} is needed by {users[0]} alone: it belongs into an extra of that name")
    return sorted(found)


def _naming(sets, name):
    """The plugins whose extras name a distribution."""
    return {f"sampan_{extra}" for extra, found in sets.items() if name in {canonical(one.name) for one in found}}


def unlocked(requirements, text):
    """Those that the lock does not hold, or holds outside their range."""
    versions: dict[str, list[str]] = {}
    for name, version, _, _ in locked(text):
        versions.setdefault(name, []).append(version)
    return [
        str(one)
        for one in requirements
        if not (have := versions.get(canonical(one.name)))
        or not all(one.specifier.contains(version, prereleases=True) for version in have)
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_has_hashes_and_no_place_is_named(root, name):
    text = (root / "requirements" / name).read_text()
    entries = locked(text)

    assert entries
    assert all(count for *_, count in entries)
    assert sum(line[:1].isalnum() for line in text.splitlines()) == len(entries), "a line that is no locked version"
    assert not re.search(r"://|^-|^ +--(?!hash)", text, re.MULTILINE)


def test_the_locks_hold_what_setup_cfg_asks_for(root):
    run, dev = ((root / "requirements" / name).read_text() for name in LOCKS[:2])
    sets = wanted(root)

    assert unlocked([one for extra in sets if extra != "dev" for one in sets[extra]], run) == []
    assert unlocked([one for requirements in sets.values() for one in requirements], dev) == []


@pytest.mark.parametrize("name", ["run.txt"])
def test_the_locks_agree(root, name):
    smaller, dev = (
        {one: version for one, version, *_ in locked((root / "requirements" / each).read_text())}
        for each in (name, "dev.txt")
    )

    assert {one: dev[one] for one in smaller if one in dev} == {one: smaller[one] for one in smaller if one in dev}


def test_the_rule_catches_what_is_missing_or_outside_its_range():
    text = "pyyaml==6.0 \\\n    --hash=sha256:" + "0" * 64

    assert unlocked([Requirement("PyYAML>=6"), Requirement("click"), Requirement("pyyaml>=6.1")], text) == [
        "click", "pyyaml>=6.1",
    ]  # fmt: skip


def test_all_names_every_extra_of_a_plugin(root):
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg")
    (everything,) = parser["options.extras_require"]["all"].split()

    assert Requirement(everything).extras == wanted(root).keys() - {"", "all", "dev"}


def test_what_a_plugin_alone_needs_is_an_extra_named_after_it(root):
    sets = {extra: requirements for extra, requirements in wanted(root).items() if extra not in ("all", "dev")}

    assert misplaced(sets, parts(root), plugins(root)) == []


def test_the_rule_catches_a_requirement_in_the_wrong_place():
    sets = {"": [Requirement("docker>=7"), Requirement("rich")], "dns": [Requirement("click")], "kafka": []}
    imports = {"sampan_docker": {"docker"}, "sampan_operate": {"click"}}

    assert misplaced(sets, imports, {"docker", "dns"}) == [
        "[kafka] is not called after a plugin",
        "click is in [dns], but sampan_operate import it",
        "docker is needed by sampan_docker alone: it belongs into an extra of that name",
        "rich is imported by nothing",
    ]


def test_plugins_that_share_a_library_have_it_in_an_extra_each():
    sets, plugins = {"etcd": [Requirement("grpcio")], "kms": []}, {"etcd", "kms"}
    imports = {"sampan_etcd": {"grpcio"}, "sampan_kms": {"grpcio"}}

    assert misplaced(sets, imports, plugins) == ["grpcio is in [etcd], but sampan_etcd, sampan_kms import it"]
    assert misplaced({**sets, "kms": [Requirement("grpcio")]}, imports, plugins) == []
