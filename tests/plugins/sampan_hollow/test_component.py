"""Where stages come from."""

from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_hollow.component import configured_stages, own_stages, slim
from sampan_hollow.plugin import Settings

STAGE = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: mine}
spec: {resourceRef: {kind: Pod}, selector: {}, next: {delete: true}}
---
apiVersion: v1
kind: List
items: []
"""


def test_our_own_stages_compile():
    assert {stage.kind for stage in own_stages()} == {"Node", "Pod"}


def test_files_replace_them(tmp_path):
    path = tmp_path / "stages.yaml"
    path.write_text(STAGE)

    assert [stage.name for stage in configured_stages(Settings(stages=(str(path),)))] == ["mine"]


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    path = tmp_path / "stages.yaml"
    with pytest.raises(ConfigError, match="cannot be read"):
        configured_stages(Settings(stages=(str(path),)))

    path.write_text(STAGE.replace("kind: Pod", "kind: Service"))
    with pytest.raises(ConfigError, match=r"stages\.yaml: Stage 'mine'"):
        configured_stages(Settings(stages=(str(path),)))


def test_of_a_pod_no_more_is_kept_than_our_stages_read():
    pod = {
        "metadata": {"name": "a", "managedFields": []},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "x", "env": [{}]}], "volumes": [{}]},
        "status": {"phase": "Pending"},
    }

    assert slim(pod) == {
        "metadata": {"name": "a"},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "x"}]},
        "status": {"phase": "Pending"},
    }
