"""The Python on docs/explain.md: a plugin that explains its kind, in a cluster in this process."""

from __future__ import annotations

import re
import types
from pathlib import Path

from sampan_explain import Objects, explain
from sampan_explain.contributed import explainers
from sampan_server.plugins.asking import HooksOf
from sampan_testing.cluster import start

PAGE = (Path(__file__).parents[2] / "docs" / "explain.md").read_text()


def test_the_pages_plugin_explains_its_kind():
    plugin = types.ModuleType("boats")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/explain.md", "exec"), plugin.__dict__)
    with start({"boats": plugin}, only=["config"], control=False) as cluster:
        found = explainers(
            HooksOf(cluster.plugins, ["contribute_explainers"], home="/nowhere", options=cluster.options)
        )
    boat = {"apiVersion": "boats.example/v1", "kind": "Boat", "metadata": {"name": "junk", "namespace": "sea"},
            "spec": {"keySecret": "key"}}  # fmt: skip
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "sea"}}

    assert [cause.reason for cause in explain(boat, Objects.of([boat], 0.0), found).causes] == ["KeyMissing"]
    assert explain(boat, Objects.of([boat, secret], 0.0), found).healthy
