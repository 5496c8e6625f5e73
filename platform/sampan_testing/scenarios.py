"""Scripts of simulations: what users do to a cluster, by chance, while faults happen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound, StatusError, TooManyRequests
from sampan_machinery import resources
from sampan_testing.faults import NONE, Faults
from sampan_testing.invariants import Budgets, Invariant, OneOrdinalOnce, Unavailable, key_of, standard
from sampan_testing.simulated import Simulation, Violation, simulation

_FAULTS = Faults()
STEPS = 12  # of a script
TURNS = 400  # at most between two steps
NAMESPACE = "default"

Step = Callable[[Simulation], None]


@dataclass(frozen=True)
class Scenario:
    """``begin`` makes the workloads; then ``steps`` are chosen by chance; ``end`` asks for what the cluster can
    converge to."""

    begin: Step
    steps: Sequence[Step]
    faults: Faults = _FAULTS
    invariants: Callable[[], list[Invariant]] = standard
    end: Step = lambda made: None


def run(name: str, seed: int) -> Simulation:
    """One seed of a scenario from start to end. Raises Violation, with the command that replays it."""
    scenario = SCENARIOS[name]
    try:
        with simulation(seed, faults=NONE, invariants=scenario.invariants()) as made:
            scenario.begin(made)
            made.pass_time(60.0)
            made.engine.faults = scenario.faults
            for _ in range(STEPS):
                if made.chance.random() < scenario.faults.lost_nodes:
                    _lose_or_return(made)
                made.chance.choice(scenario.steps)(made)
                made.run(made.chance.randint(1, TURNS))
            scenario.end(made)
            made.finish()
            return made
    except Violation as violation:
        raise Violation(f"{violation}\nreplay: python -m sampan_testing.simulate {name} --seed {seed}") from None


def _lose_or_return(made: Simulation) -> None:
    nodes = [f"node-{number}" for number in range(1, 5)]
    lost = [
        name
        for (_, name), node in made.state["Node"].items()
        if "hollow.sampan.dev/lost" in (node["metadata"].get("annotations") or {})
    ]
    if lost:
        made.lose(made.chance.choice(sorted(lost)), lost=False)
    else:
        made.lose(made.chance.choice(nodes))


def template(labels: Mapping[str, str], *, image: str = "one", **spec: Any) -> Object:
    containers = [{"name": "main", "image": image, "resources": {"requests": {"cpu": "100m"}}}]
    return {
        "metadata": {"labels": dict(labels)},
        "spec": {"terminationGracePeriodSeconds": 5, "containers": containers, **spec},
    }


def workload(name: str, replicas: int, **spec: Any) -> Object:
    labels = {"app": name}
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template(labels), **spec},
    }


def job(name: str, **spec: Any) -> Object:
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"template": template({"job": name}, restartPolicy="Never"), **spec},
    }


def _all(made: Simulation) -> None:
    client = made.client
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 1}}
    client.create(resources.DEPLOYMENTS, workload("web", 6, strategy=rolling))
    client.create(resources.STATEFUL_SETS, workload("db", 3, serviceName="db"))
    parallel = {"podManagementPolicy": "Parallel"}
    client.create(resources.STATEFUL_SETS, workload("cache", 3, serviceName="cache", **parallel))
    labels = {"app": "agent"}
    daemon = {
        "metadata": {"name": "agent", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": template(labels)},
    }
    client.create(resources.DAEMON_SETS, daemon)
    client.create(resources.JOBS, job("sum", completions=6, parallelism=3, completionMode="Indexed", backoffLimit=50))
    budget = {
        "metadata": {"name": "db", "namespace": NAMESPACE},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "db"}}},
    }
    client.create(resources.POD_DISRUPTION_BUDGETS, budget)


def _quota(made: Simulation) -> None:
    quota = {"metadata": {"name": "few", "namespace": NAMESPACE}, "spec": {"hard": {"pods": "9"}}}
    made.client.create(resources.RESOURCE_QUOTAS, quota)
    made.pass_time(2.0)
    made.client.create(resources.DEPLOYMENTS, workload("web", 4))
    made.client.create(resources.STATEFUL_SETS, workload("db", 3, serviceName="db"))


def _rolled(made: Simulation) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 2}}
    made.client.create(resources.DEPLOYMENTS, workload("web", 8, strategy=rolling))


def _guarded(made: Simulation) -> None:
    made.client.create(resources.DEPLOYMENTS, workload("db", 6))
    budget = {
        "metadata": {"name": "db", "namespace": NAMESPACE},
        "spec": {"minAvailable": 4, "selector": {"matchLabels": {"app": "db"}}},
    }
    made.client.create(resources.POD_DISRUPTION_BUDGETS, budget)


# Steps


def rollout(made: Simulation) -> None:
    kind, name = made.chance.choice([(resources.DEPLOYMENTS, "web"), (resources.STATEFUL_SETS, "db")])
    _roll(made, kind, name)


def rollout_of_web(made: Simulation) -> None:
    _roll(made, resources.DEPLOYMENTS, "web")


def _roll(made: Simulation, kind: Resource, name: str) -> None:
    image = f"image-{made.chance.randint(1, 4)}"
    _change(made, kind, name, {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}})


def scale(made: Simulation) -> None:
    kinds = [(resources.DEPLOYMENTS, "web"), (resources.STATEFUL_SETS, "db"), (resources.STATEFUL_SETS, "cache")]
    kind, name = made.chance.choice(kinds)
    _change(made, kind, name, {"spec": {"replicas": made.chance.randint(0, 8)}})


def scale_beyond_quota(made: Simulation) -> None:
    kind, name = made.chance.choice([(resources.DEPLOYMENTS, "web"), (resources.STATEFUL_SETS, "db")])
    _change(made, kind, name, {"spec": {"replicas": made.chance.randint(0, 9)}})


def fit_quota(made: Simulation) -> None:
    _change(made, resources.DEPLOYMENTS, "web", {"spec": {"replicas": 4}})
    _change(made, resources.STATEFUL_SETS, "db", {"spec": {"replicas": 3}})


def _change(made: Simulation, kind: Resource, name: str, patch: Object) -> None:
    made.note(f"the user changes {kind.plural}/{name}: {patch['spec']}")
    try:
        made.client.patch(kind, name, patch, NAMESPACE, how="strategic")
    except NotFound:
        return


def delete_pod(made: Simulation) -> None:
    pods = sorted(made.state["Pod"])
    if pods:
        namespace, name = made.chance.choice(pods)
        made.note(f"the user deletes pod {name}")
        try:
            made.client.delete(resources.PODS, name, namespace)
        except NotFound:
            return


def evict(made: Simulation) -> None:
    pods = sorted(
        place for place, pod in made.state["Pod"].items() if pod["metadata"].get("labels", {}).get("app") == "db"
    )
    if not pods:
        return
    place = made.chance.choice(pods)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": place[1], "namespace": place[0]}}
    pod = made.state["Pod"][place]
    if pod["metadata"].get("deletionTimestamp") or not pod["spec"].get("nodeName"):
        return
    state = {kind: dict(found) for kind, found in made.state.items()}
    try:
        made.client.create(resources.PODS, eviction, place[0], subresource="eviction", name=place[1])
    except (TooManyRequests, NotFound, StatusError) as error:
        made.note(f"the eviction of {place[1]} is refused: {error}")
        return
    made.note(f"the user evicts {place[1]}")
    for each in made.invariants:
        if isinstance(each, Budgets) and (wrong := each.evicted(place, state)):
            raise Violation(made.failure(f"{each.name}: {wrong}"))


def evict_many(made: Simulation) -> None:
    """As a drain does: one eviction after another, before any controller has seen the first."""
    for _ in range(made.chance.randint(2, 6)):
        evict(made)


def replace_workload(made: Simulation) -> None:
    """Delete a Deployment or a Job in one of the three ways, and make another of its name."""
    propagation = made.chance.choice(["Background", "Foreground"])
    made.note(f"the user deletes deployments/web ({propagation})")
    with contextlib.suppress(NotFound):
        made.client.delete(resources.DEPLOYMENTS, "web", NAMESPACE, propagation=propagation)
    made.run(made.chance.randint(1, TURNS))
    try:
        made.client.create(resources.DEPLOYMENTS, workload("web", made.chance.randint(1, 6)))
    except StatusError:
        return  # it is not gone yet


def new_job(made: Simulation) -> None:
    name = f"job-{made.chance.randint(1, 1_000_000)}"
    mode = made.chance.choice(["Indexed", "NonIndexed"])
    made.note(f"the user creates job {name}")
    made.client.create(resources.JOBS, job(name, completions=4, parallelism=2, completionMode=mode, backoffLimit=50))


def wait(made: Simulation) -> None:
    made.pass_time(made.chance.uniform(1, 400))


def short_wait(made: Simulation) -> None:
    made.pass_time(made.chance.uniform(0.5, 20))


def crash(made: Simulation) -> None:
    name = made.chance.choice(sorted(made.engine.parts))
    made.note(f"{name} ends and is started again")
    made.engine.restart(name)


_CALM = replace(Faults(), lost_nodes=0.0)
_FRESH = replace(_CALM, stale=0.0, crashes=0.0, lost_answers=0.0)

SCENARIOS: Mapping[str, Scenario] = {
    "everything": Scenario(_all, (rollout, scale, delete_pod, evict, replace_workload, new_job, wait, crash)),
    "quota": Scenario(
        _quota, (scale_beyond_quota, scale_beyond_quota, delete_pod, short_wait, crash), _CALM, end=fit_quota
    ),
    "rollouts": Scenario(
        _rolled, (rollout_of_web, rollout_of_web, short_wait), _FRESH, lambda: [*standard(), Unavailable()]
    ),
    "evictions": Scenario(_guarded, (evict, evict_many, short_wait, crash), _CALM, lambda: [*standard(), Budgets()]),
}

__all__ = ["SCENARIOS", "OneOrdinalOnce", "Scenario", "key_of", "run", "template", "workload"]
