"""docs/explain.md as its reader would walk it, on a cluster with an hour of history."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, Cluster, free_port, until

PAGE = (Path(__file__).parents[2] / "docs" / "explain.md").read_text()
BLOCK = re.compile(r"```sh\n(?P<code>.*?)```\n(?:\n```text\n(?P<shown>.*?)```)?", re.DOTALL)
#: Blocks that may be typed again until they show what the page shows.
READS = ("sampan why", "sampan history", "sampan query")

pytestmark = pytest.mark.kubectl


@pytest.fixture(scope="module")
def told(tmp_path_factory, tools):
    """A cluster to walk the page on, in its namespace explain."""
    home = tmp_path_factory.mktemp("explain") / "home"
    home.mkdir()
    (home / "sampan.yaml").write_text(
        "history: 1h\naddons: []\nnode: {runtime: exec, name: node-exec}\nplugins: {audit: {enabled: true}}\n"
    )
    cluster = Cluster(home, "exec", free_port(), "busybox", tools)
    cluster.sampan("up", "--port", str(cluster.port))
    try:
        cluster.kubectl("create", "namespace", "explain")
        cluster.kubectl("config", "set-context", "--current", "--namespace=explain")
        yield cluster
    finally:
        cluster.sampan("down")


def type_in(cluster, code):
    path = f"{Path(WHICH_PYTHON).parent}:{cluster.env['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", code],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        env={**cluster.env, "PATH": path},
    )
    assert done.returncode == 0, f"{code}: {done.stdout}{done.stderr}"
    return done.stdout


def lacking(output, shown):
    """Lines of the page that the output has not; … stands for anything."""
    lines = output.splitlines()
    patterns = [".*".join(map(re.escape, line.split("…"))) for line in shown.splitlines()]
    return [pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)]


def test_every_command_of_the_page_shows_what_the_page_says(told):
    assert len(BLOCK.findall(PAGE)) >= 8
    for block in BLOCK.finditer(PAGE):
        code, shown = block["code"], block["shown"] or ""
        if code.startswith(READS):
            until(lambda code=code, shown=shown: not lacking(type_in(told, code), shown), why=f"{code}: {shown}")
        else:
            assert lacking(type_in(told, code), shown) == []


def test_causes_and_the_audit_logs_users_are_for_programs_too(told):
    def reasons():
        found = json.loads(told.sampan("why", "pod/api", "-n", "explain", "-o", "json"))
        return [cause["reason"] for cause in found["causes"]]

    until(lambda: reasons() == ["CrashLoop"], why="not in the moment in which the container runs again")

    def users():
        rows = json.loads(told.sampan("history", "cm/conf", "-n", "explain", "--who", "-o", "json"))["revisions"]
        return [row["user"] for row in rows]

    until(lambda: users()[0] == "kubernetes-admin")
