"""The commands of the manual pages' examples, as a user types them: on a cluster that has what the pages speak of.

tests/docs/test_manual_pages.py says which blocks are run here.
"""

from __future__ import annotations

import re
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, start

ROOT = Path(__file__).parents[2]
MARK = "<!-- run by tests/e2e/test_manual_pages.py -->\n```sh\n"
PAGES = sorted(
    path for plank in ("plugins", "addons") for path in (ROOT / plank).glob("*/README.md") if MARK in path.read_text()
)
#: What a page takes for granted, and what the next page must not find: commands before and after its own.
NEEDS = {
    "sampan_autoscaling": ["kubectl create deployment web --image=busybox -- sleep 600"],
    "sampan_events": ["kubectl create deployment web --image=busybox -- sleep 600"],
    "sampan_gc": [f"kubectl create deployment {name} --image=busybox -- sleep 600" for name in ("web", "api", "old")],
    "sampan_proxy": ["kubectl create deployment web --image=busybox -- sleep 600"],
    "sampan_rbac": ["kubectl create namespace team-a"],
    "sampan_services": ["kubectl create deployment web --image=busybox -- sleep 600"],
}
AFTER = {
    "sampan_nodes": ["kubectl uncordon laptop", "kubectl taint node laptop example.org/maintenance-"],
    "sampan_rbac": ["kubectl delete namespace team-a --wait"],
    "sampan_runtimeclasses": ["kubectl delete runtimeclass sandboxed"],
    "sampan_priority": ["kubectl delete priorityclass important"],
    "sampan_webhooks": ["kubectl delete validatingwebhookconfiguration labels"],
}

pytestmark = pytest.mark.kubectl


@pytest.fixture(scope="module")
def alone(tmp_path_factory, tools):
    """A cluster of these tests alone: its one node is cordoned and tainted."""
    cluster = start(tmp_path_factory.mktemp("pages") / "home", "exec", tools)
    yield cluster
    cluster.sampan("down")


@pytest.fixture
def run(alone, request):
    """Types a command in a namespace of the test's own; the node of the pages is called laptop."""
    space = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:50]
    alone.kubectl("create", "namespace", space)
    alone.kubectl("config", "set-context", "--current", f"--namespace={space}")
    path = f"{Path(WHICH_PYTHON).parent}:{alone.env['PATH']}"

    def type_in(command):
        done = subprocess.run(
            ["bash", "-c", command.replace("laptop", "node-exec")], cwd=ROOT, capture_output=True, text=True,
            timeout=400, check=False, env={**alone.env, "PATH": path},
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    yield type_in
    alone.kubectl("config", "set-context", "--current", "--namespace=default")
    alone.kubectl("delete", "namespace", space, "--wait=false")


def commands(text):
    """The commands of the blocks that are run here: a line each, with the document that follows a ``<<EOF``."""
    found = []
    for block in text.split(MARK)[1:]:
        lines = iter(block.partition("```")[0].splitlines())
        for line in lines:
            document = takewhile(lambda each: each != "EOF", lines) if line.endswith("<<EOF") else ()
            found.append("\n".join((line, *document)) + ("\nEOF\n" if line.endswith("<<EOF") else ""))
    return [command for command in found if command.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.parent.name)
def test_every_command_of_a_page_works(page, run):
    name = page.parent.name

    for command in (*NEEDS.get(name, ()), *commands(page.read_text()), *AFTER.get(name, ())):
        run(command)


def test_there_are_pages_whose_commands_are_run():
    assert len(PAGES) > 12
    assert commands(f"x\n{MARK}kubectl get pods\n\nls\n```\n") == ["kubectl get pods", "ls"]
    assert commands(f"{MARK}cat <<EOF\na: 1\nEOF\nls\n```\n") == ["cat <<EOF\na: 1\nEOF\n", "ls"]
