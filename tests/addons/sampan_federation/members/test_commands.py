from __future__ import annotations

import json

from sampan.contracts.kinds import Resource
from sampan_federation.members.commands import show
from sampan_federation.members.searching import Found

PODS = Resource("", "v1", "pods", "Pod")
EAST = Found(
    "east", [("Name", 0), ("IP", 1)], [["a", "10.0.0.1"]], [{"metadata": {"name": "a", "namespace": "shop"}}], PODS
)
AWAY = Found("west", trouble="away")


def test_a_table_names_the_cluster_of_each_row_and_troubles_stand_apart(capsys):
    show([EAST, AWAY], "table")

    said = capsys.readouterr()
    assert [line.split() for line in said.out.splitlines()] == [["CLUSTER", "NAMESPACE", "NAME"], ["east", "shop", "a"]]
    assert said.err == "west: away\n"


def test_other_forms(capsys):
    show([EAST], "name")
    assert capsys.readouterr().out == "east/shop/pods/a\n"

    show([EAST, AWAY], "json")
    first, second = json.loads(capsys.readouterr().out)
    assert first == {"cluster": "east", "objects": EAST.objects, "error": None}
    assert second["error"] == "away"


def test_nothing_found_is_said_only_where_all_have_answered(capsys):
    show([Found("east", resource=PODS)], "table")
    assert capsys.readouterr().err == "No resources found\n"

    show([AWAY], "table")
    assert capsys.readouterr().err == "west: away\n"
