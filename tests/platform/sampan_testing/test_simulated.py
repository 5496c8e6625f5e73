"""The simulation: one seed, one history; what is wrong is found and shown."""

from __future__ import annotations

import pytest

from sampan_machinery.resources import DEPLOYMENTS
from sampan_testing.faults import NONE
from sampan_testing.scenarios import workload
from sampan_testing.simulated import Violation, simulation


class NoSecondPod:
    """An invariant that a Deployment of two breaks."""

    name = "one pod at most"

    def changed(self, kind, old, new, state):
        return "there are two" if len(state["Pod"]) > 1 else ""

    def ended(self, state):
        return ""


def history(seed):
    with simulation(seed) as made:
        made.client.create(DEPLOYMENTS, workload("web", 4))
        made.run(600)
        made.finish()
        return made.digest, made.requests


def test_the_same_seed_gives_the_same_history_and_another_seed_another():
    first, second, other = history(5), history(5), history(6)

    assert first == second
    assert first != other


def test_what_breaks_an_invariant_ends_the_simulation_with_the_seed_and_the_history():
    with (
        pytest.raises(Violation) as caught,
        simulation(7, faults=NONE, invariants=[NoSecondPod()]) as made,
    ):
        made.client.create(DEPLOYMENTS, workload("web", 2))
        made.finish()

    assert "seed 7: one pod at most: there are two" in str(caught.value)
    assert "reconcilers: POST /api/v1/namespaces/default/pods -> 201" in str(caught.value)


def test_a_component_that_crashes_starts_again_and_the_cluster_converges():
    with simulation(8) as made:
        made.client.create(DEPLOYMENTS, workload("web", 6))
        for name in ("reconcilers", "scheduler", "hollow", "garbage-collector"):
            made.run(30)
            made.engine.restart(name)
        made.finish()

        assert made.client.get(DEPLOYMENTS, "web", "default")["status"]["availableReplicas"] == 6


def test_nothing_of_a_simulation_is_left_behind():
    import random

    from sampan_server.write import stamps

    before, uids = random.getstate(), stamps.random_bytes
    with simulation(9, faults=NONE):
        pass

    assert random.getstate() == before
    assert stamps.random_bytes is uids
