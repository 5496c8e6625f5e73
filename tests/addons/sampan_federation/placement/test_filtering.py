from __future__ import annotations

from sampan_federation.placement.clusters import Candidate
from sampan_federation.placement.filtering import why_unfit

APPS = ("apps/v1", "Deployment")
EAST = Candidate("east", region="us", kinds=frozenset({APPS}), kinds_complete=True)


def judged(cluster=EAST, *, kind=APPS, placement=None, running=False, evicted=False):
    return why_unfit(cluster, affinity={}, placement=placement or {}, kind=kind, running=running, evicted=evicted)


def tainted(effect: str) -> Candidate:
    return Candidate("east", kinds=frozenset({APPS}), kinds_complete=True, taints=({"key": "a", "effect": effect},))


def test_a_cluster_without_objections_fits():
    assert judged() == ""


def test_a_taint_keeps_new_workloads_away_and_leaves_those_that_run():
    assert "a:NoSchedule" in judged(tainted("NoSchedule"))
    assert judged(tainted("NoSchedule"), running=True) == ""
    assert judged(tainted("NoExecute"), placement={"clusterTolerations": [{"operator": "Exists"}]}) == ""


def test_a_kind_has_to_be_served():
    unknown = Candidate("east", kinds=frozenset(), kinds_complete=False)

    assert "does not serve Gadget of x/v1" in judged(kind=("x/v1", "Gadget"))
    assert "as far as is known" in judged(unknown)
    assert judged(unknown, running=True) == ""


def test_a_cluster_that_leaves_or_is_evicted_from_does_not_fit():
    assert "leaves" in judged(Candidate("east", kinds=frozenset({APPS}), leaving=True))
    assert "evicted" in judged(evicted=True)


def test_a_field_to_spread_by_has_to_be_known():
    assert "no zone" in judged(placement={"spreadConstraints": [{"spreadByField": "zone"}]})
    assert judged(placement={"spreadConstraints": [{"spreadByField": "region"}]}) == ""
