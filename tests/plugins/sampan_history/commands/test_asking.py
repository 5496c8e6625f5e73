import click
import pytest

from sampan.contracts.commands import Place
from sampan_history.commands import asking
from sampan_machinery.resources import NODES, PODS


def test_without_a_cluster_the_kubeconfig_is_named(tmp_path):
    place = Place(str(tmp_path), str(tmp_path / "kubeconfig"))

    with pytest.raises(click.ClickException, match="there is no kubeconfig"), asking.connected(place):
        pass


def test_objects_and_columns_are_shown():
    assert asking.shown(PODS, "a", "x") == "pod x/a"
    assert asking.shown(NODES, "n", "") == "node n"
    assert list(asking.aligned(("A", "B"), [("long", "b")])) == ["A      B", "long   b"]
