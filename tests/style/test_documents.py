"""Manual pages have their sections; settings are documented; links lead somewhere."""

from __future__ import annotations

import configparser
import dataclasses
import importlib.util
import re

import pytest

from sampan_settings import settings
from sampan_testing.cluster import start

SECTIONS = ("Name", "Description", "Hooks", "Settings", "Metrics", "Ready", "Examples")


def manuals(root):
    return [
        path.parent / "README.md"
        for plank in ("plugins", "addons")
        for path in sorted((root / plank).glob("*/plugin.py"))
    ]


def missing_sections(text):
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    return [section for section in SECTIONS if section not in found]


def rows(text):
    """The names in the first column of the document's tables."""
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def core_settings(record=settings.Settings, prefix=""):
    names = set()
    for field in dataclasses.fields(record):
        default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        if dataclasses.is_dataclass(default):
            names |= core_settings(type(default), f"{prefix}{field.name}.")
        else:
            names.add(f"{prefix}{field.name}")
    return names


def plugin_settings(root):
    names = set()
    for manual in manuals(root):
        package = manual.parent.name
        record = getattr(importlib.import_module(f"{package}.plugin"), "Settings", None)
        if record is not None:
            short = package.removeprefix("sampan_")
            names |= {f"plugins.{short}.{field.name}" for field in dataclasses.fields(record)}
    return names


def broken_links(path):
    """Relative links whose file is not there."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    return [target for target in targets if not (path.parent / target).exists()]


def tool_of(root, name):
    """The module of a program of tools/."""
    spec = importlib.util.spec_from_file_location(name, root / "tools" / f"{name}.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_every_plugin_has_a_whole_manual_page(root):
    found = {
        path.parent.name: missing_sections(path.read_text()) if path.exists() else "no page" for path in manuals(root)
    }

    assert {name: missing for name, missing in found.items() if missing} == {}


def test_every_setting_is_documented_and_no_other(root):
    text = (root / "docs" / "settings.md").read_text()

    assert rows(text) == core_settings() | plugin_settings(root)


def test_the_tables_of_settings_are_what_the_tool_writes_now(root):
    tool = tool_of(root, "make_settings")
    text = (root / "docs" / "settings.md").read_text()

    assert text == tool.written(text), "run make docs"
    with pytest.raises(AssertionError, match="has 1 tables"):
        tool.written(text.partition("## Plugins and add-ons")[0])


def test_every_add_on_and_plugin_documents_its_settings_on_its_own_page(root):
    for name in plugin_settings(root):
        _, plugin, key = name.split(".")
        page = next(path for path in manuals(root) if path.parent.name == f"sampan_{plugin}")
        assert key in page.read_text(), f"{page}: {key}"


def test_every_plugin_with_an_extra_says_so_on_its_page(root):
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg")
    pages = {path.parent.name.removeprefix("sampan_"): path.read_text() for path in manuals(root)}

    for extra in parser["options.extras_require"].keys() - {"all", "dev"}:
        assert f"pip install 'sampan[{extra}]'" in pages[extra]
        assert f"`sampan[{extra}]`" in (root / "docs" / "operate.md").read_text()


def test_the_tables_of_kinds_are_what_a_running_server_says(root):
    tool = tool_of(root, "make_compatibility")
    text = (root / "docs" / "compatibility.md").read_text()

    with start(control=False) as cluster:
        rows = tool.discovered(cluster)
    assert text == tool.written(text, rows), "run make docs"


def test_a_table_of_kinds_keeps_its_notes_and_names_what_differs(root):
    tool = tool_of(root, "make_compatibility")
    page = "".join(
        [
            "| kind | API | verbs | subresources | notes |\n|---|---|---|---|---|\n| Event | v1 | get | | kept |\n\n",
            "| group | kinds |\n|---|---|\n| v1 | Event |\n",
        ]
    )
    reading = frozenset({"get", "list"})
    rows = [
        tool.Row("Event", "v1", tool.WHOLE, ()),
        tool.Row("Event", "x/v1", tool.WHOLE, ()),
        tool.Row("Pod", "v1", reading, ("log",)),
    ]

    text = tool.written(page, rows)

    assert "| Event | v1, x/v1 | all | | kept |\n| Pod | v1 | get, list | log | |\n\n" in text
    assert "Event" not in text.partition("| group |")[2]
    assert "| batch/v1 | CronJob, Job |\n" in text


@pytest.mark.parametrize(
    "name",
    [
        "start",
        "architecture",
        "glossary",
        "adding",
        "operate",
        "settings",
        "hooks",
        "writing-a-plugin",
        "testing-a-plugin",
        "testing-an-operator",
        "layers",
        "compatibility",
        "behind-nginx",
    ],
)
def test_the_document_is_there(root, name):
    assert (root / "docs" / f"{name}.md").read_text().startswith("# ")


def test_links_lead_somewhere(root):
    documents = [*(root / "docs").glob("*.md"), *manuals(root), *root.glob("*.md")]
    broken = {path.name: broken_links(path) for path in documents if path.exists()}

    assert {name: targets for name, targets in broken.items() if targets} == {}


def test_the_rules_catch_a_bad_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("## Name\n[there](page.md) [gone](gone.md#x) [web](https://example.org)\n| `api.port` | 1 |\n")

    assert missing_sections(page.read_text()) == list(SECTIONS[1:])
    assert broken_links(page) == ["gone.md"]
    assert rows(page.read_text()) == {"api.port"}


def test_the_compatibility_page_says_nothing_twice(root):
    """Branches that were merged line by line have left the old row beside the new one."""
    found = []
    for section in (root / "docs" / "compatibility.md").read_text().split("\n## "):
        firsts = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]
        found += [first for first in set(firsts) if firsts.count(first) > 1]
    assert found == []
