from __future__ import annotations

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import TooManyRequests
from sampan_disruption.admission import EvictionBudget
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS, PODS
from sampan_testing.shelves import Shelf

NOW = 1_700_000_000.0
POD = Kind(**PODS._asdict())


def review(*, allowed=1, phase="Running", dry=False, name="a", **options):
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": now_text(NOW - 60)}]
    metadata = {"name": "a", "namespace": "default", "labels": {"app": "web"}, "uid": "u", "resourceVersion": "7"}
    pod = {"metadata": metadata, "status": {"phase": phase, "conditions": ready}}
    budget = {
        "metadata": {"name": "web", "namespace": "default", "generation": 1, "resourceVersion": "5"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": allowed, "observedGeneration": 1},
    }
    reader = Shelf([(PODS, pod), (POD_DISRUPTION_BUDGETS, budget)])
    eviction = {"metadata": {"name": name}, **({"deleteOptions": options} if options else {})}
    return Review("CREATE", POD, "eviction", "default", "a", eviction, None, ANONYMOUS, dry, reader, clock=lambda: NOW)


def admitted(**about):
    reviewed = review(**about)
    EvictionBudget().admit(reviewed)
    return reviewed


def test_the_budget_is_written_with_the_version_that_was_read():
    (budget,) = admitted().also_update

    assert budget["status"]["disruptionsAllowed"] == 0
    assert budget["metadata"]["resourceVersion"] == "5"


@pytest.mark.parametrize("about", [{"dry": True}, {"dryRun": ["All"]}])
def test_a_dry_run_is_judged_and_writes_nothing(about):
    assert admitted(**about).also_update == []
    with pytest.raises(TooManyRequests):
        admitted(allowed=0, **about)


@pytest.mark.parametrize(
    "about",
    [{"name": "other"}, {"preconditions": {"uid": "x"}}, {"preconditions": {"resourceVersion": "1"}}],
)
def test_an_eviction_that_will_be_refused_takes_nothing(about):
    assert admitted(allowed=0, **about).also_update == []


def test_a_pod_that_needs_no_budget_is_evicted_only_as_it_is():
    reviewed = admitted(allowed=0, phase="Pending")

    assert reviewed.also_update == []
    assert reviewed.object["deleteOptions"]["preconditions"] == {"resourceVersion": "7"}
