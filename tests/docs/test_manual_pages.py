"""The examples on the manual pages of plugins and add-ons: checked or run here, run end to end, or named with a reason.

- ``yaml`` without ``kind``: settings, which the server must accept; with ``kind``: a manifest, which is created in a
  cluster in this process.
- ``python``: run; a plugin's example takes part in a cluster.
- all else needs a comment above: ``<!-- run by tests/e2e/test_manual_pages.py -->`` or ``<!-- not run: reason -->``.
"""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
import yaml

from sampan_operate.supervisor.cluster import load_plugins
from sampan_settings.settings import load
from sampan_testing.cluster import start

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for plank in ("plugins", "addons") for path in (ROOT / plank).glob("*/README.md"))
BLOCK = re.compile(r"(?:<!-- (?P<how>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)```\n", re.DOTALL)
E2E = "run by tests/e2e/test_manual_pages.py"


def examples(text):
    """(what the comment above says, language, code) of each block of the section Examples."""
    section = text.partition("\n## Examples\n")[2].partition("\n## ")[0]
    return [(found["how"] or "", found["language"], found["code"]) for found in BLOCK.finditer(section)]


def loose(text):
    """Lines of the section Examples that are code outside a block: no test would see them."""
    section = BLOCK.sub("", text.partition("\n## Examples\n")[2].partition("\n## ")[0])
    return [line for line in section.splitlines() if line.startswith("    ") and line.strip()]


def uncovered(how, language):
    """Why a block is covered by nothing, or ""."""
    if language in ("yaml", "python"):
        return ""
    if not language:
        return "it names no language"
    if language == "sh" and how == E2E:
        return ""
    reason = how.removeprefix("not run: ") if how.startswith("not run: ") else ""
    return "" if len(reason) > 15 else f"{language}: neither run nor a reason: {how!r}"


ALL = [
    pytest.param(path.parent.name, *block, id=f"{path.parent.name}-{number}")
    for path in PAGES
    for number, block in enumerate(examples(path.read_text()))
]


def of(language):
    return [block for block in ALL if block.values[2] == language]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_every_page_has_examples_in_blocks(path):
    assert examples(path.read_text()) != []
    assert loose(path.read_text()) == []


@pytest.mark.parametrize(("page", "how", "language", "code"), ALL)
def test_every_example_is_covered(page, how, language, code):
    assert uncovered(how, language) == ""


@pytest.mark.parametrize(("page", "how", "language", "code"), of("yaml"))
def test_settings_are_accepted_and_manifests_created(page, how, language, code, tmp_path):
    documents = list(yaml.safe_load_all(code))
    manifests = [each for each in documents if "kind" in each]
    if not manifests:
        (tmp_path / "sampan.yaml").write_text(code)
        plugins = load_plugins(load(home=str(tmp_path)))
        assert [found.error for found in plugins.failures()] == []
        return
    with start(control=False) as cluster:
        for manifest in manifests:
            group, _, version = manifest["apiVersion"].rpartition("/")
            served = cluster.app.registry.by_kind(group, version, manifest["kind"])
            assert served is not None, manifest["kind"]
            namespace = manifest["metadata"].get("namespace", "default" if served.namespaced else "")
            cluster.client.create(served.resource, manifest, namespace)


@pytest.mark.parametrize(("page", "how", "language", "code"), of("python"))
def test_python_runs_and_a_plugin_takes_part_in_a_cluster(page, how, language, code):
    module = types.ModuleType("example")
    exec(compile(code, f"{page}/README.md", "exec"), vars(module))  # our own page

    is_plugin = any(hasattr(each, "sampan_impl") for each in vars(module).values())
    assert is_plugin == ("@hookimpl" in code)
    if is_plugin:
        with start({"example": module}, nodes=1) as cluster:
            assert [each.name for each in cluster.plugins.found if each.name == "example"] == ["example"]


def test_the_rules_catch_what_is_not_covered():
    page = "## Name\nx\n\n## Examples\n```sh\nls\n```\n<!-- not run: because -->\n```sh\nls\n```\n    ls -l\n"

    assert [(how, language) for how, language, _ in examples(page)] == [("", "sh"), ("not run: because", "sh")]
    assert uncovered("", "sh") and uncovered("not run: because", "sh") and uncovered("", "")
    assert not uncovered("not run: needs a whole data centre", "sh") and not uncovered(E2E, "sh")
    assert loose(page) == ["    ls -l"]
