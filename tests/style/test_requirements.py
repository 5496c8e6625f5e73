"""What is installed is locked: every version with hashes, within the ranges of setup.cfg, and from no named place."""

from __future__ import annotations

import configparser
import re

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
    return {extra: [Requirement(line) for line in lines if line.strip()] for extra, lines in found.items()}


def unlocked(requirements, text):
    """Those that the lock does not hold, or holds outside their range."""
    versions: dict[str, list[str]] = {}
    for name, version, _, _ in locked(text):
        versions.setdefault(name, []).append(version)
    return [
        str(one)
        for one in requirements
        if not (have := versions.get(re.sub(r"[-_.]+", "-", one.name).lower()))
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

    assert unlocked(sets[""], run) == []
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
