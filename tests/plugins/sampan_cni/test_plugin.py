import pytest

from sampan_cni import plugin


def test_it_runs_in_the_nodes_process_and_cleans_up_after_the_pods():
    (found,) = plugin.contribute_components()

    assert (found.name, found.process, found.cleans_up_last) == ("cni", "node", True)


def test_a_range_that_is_none_is_refused():
    with pytest.raises(ValueError, match="pod_cidr"):
        plugin.Settings(pod_cidr="10.0.0.1/8")
