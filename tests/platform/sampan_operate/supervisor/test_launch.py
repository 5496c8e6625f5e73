"""What the supervisor has in memory when it forks: every process has a copy of what it writes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ports import free_port

from sampan.errors import ConfigError
from sampan_operate.supervisor import launch
from sampan_settings.settings import load

#: One process alone uses them, or none in an idle cluster.
ELSEWHERE = (
    "falcon",
    "gunicorn",
    "sampan_crds.upkeep",
    "sampan_explain.explaining",
    "sampan_http",
    "sampan_machinery.kindschema",
    "sampan_machinery.openapi",
    "sampan_machinery.structural",
    "sampan_podspec.validation",
    "sampan_quota.usage",
    "sampan_server.app",
)
READY = """
import json, sys
import sampan_operate.cli.up
from sampan_operate.supervisor import launch
from sampan_settings.settings import load

launch.ready_to_supervise(load(home=sys.argv[1]))
print(json.dumps(sorted(sys.modules)))
"""


def test_the_parent_of_all_processes_has_nothing_that_one_of_them_alone_uses(tmp_path):
    (tmp_path / "sampan.yaml").write_text(f"node: {{enabled: false}}\napi: {{port: {free_port()}}}\n")
    said = subprocess.run(
        [sys.executable, "-c", READY, str(tmp_path)], capture_output=True, text=True, check=True,
        env=os.environ | {"SAMPAN_HOME": str(tmp_path)},
    )  # fmt: skip

    assert set(json.loads(said.stdout.splitlines()[-1])) & set(ELSEWHERE) == set()


def test_a_command_of_its_own_makes_the_home(tmp_path):
    settings = launch.settings_of_own({"home": str(tmp_path / "new"), "config": ""})

    assert settings.home.is_dir()


def test_the_home_of_a_node_that_has_joined_is_no_home_of_a_cluster(tmp_path):
    (tmp_path / "sampan.yaml").write_text("node: {server: 'https://192.0.2.1:6443'}\n")
    assert load(home=str(tmp_path)).joined

    with pytest.raises(ConfigError, match="is the home of a node of the cluster"):
        launch.settings_of_own({"home": str(tmp_path), "config": ""})
