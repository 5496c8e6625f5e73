"""A Service without endpoints, or with some that cannot answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import pods
from sampan_explain.subjects.said import flag, listed, namespace_of, plural, ref
from sampan_machinery.metadata import condition_is, get_path, labels_of
from sampan_machinery.resources import ENDPOINT_SLICES, PODS
from sampan_machinery.selectors import from_labels

_MOST = 3  # pods whose own causes are told


def state(service: Object) -> str:
    kind = get_path(service, "spec", "type", default="ClusterIP")
    if kind == "LoadBalancer" and not get_path(service, "status", "loadBalancer", "ingress"):
        return "without an external address"
    return ""


def explain(service: Object, objects: Objects) -> Iterator[Cause]:
    spec = service["spec"]
    if state(service):
        yield Cause(
            reason="LoadBalancerPending",
            text="It is of type LoadBalancer, and no controller has given it an address.",
            facts=("status.loadBalancer.ingress is empty",),
            commands=(f"kubectl describe service {service['metadata']['name']}{flag(namespace_of(service))}",),
        )  # fmt: skip
    if spec.get("type") == "ExternalName":
        return
    selector = spec.get("selector") or {}
    if not selector:
        yield from _manual(service, objects)
        return
    found = objects.list(PODS, namespace_of(service))
    if not objects.is_known(PODS, namespace_of(service)):
        return
    matching = [pod for pod in found if from_labels(selector).matches(labels_of(pod))]
    if not matching:
        yield _nothing_matches(service, selector, found)
        return
    yield from _ports(service, matching)
    yield from _unready(service, matching, objects)


def _manual(service: Object, objects: Objects) -> Iterator[Cause]:
    slices = [
        each
        for each in objects.list(ENDPOINT_SLICES, namespace_of(service))
        if labels_of(each).get("kubernetes.io/service-name") == service["metadata"]["name"]
    ]
    if not any(each.get("endpoints") for each in slices) and objects.is_known(ENDPOINT_SLICES, namespace_of(service)):
        name, where = service["metadata"]["name"], flag(namespace_of(service))
        yield Cause(
            reason="NoSelector", text="It has no selector, and no EndpointSlice with endpoints was made for it by "
            "hand.",
            facts=("spec.selector is empty", f"EndpointSlices labelled kubernetes.io/service-name={name}: none"),
            commands=(f"kubectl set selector service {name}{where} KEY=VALUE",),
        )  # fmt: skip


def _nothing_matches(service: Object, selector: dict[str, str], pods_there: list[Object]) -> Cause:
    name, where = service["metadata"]["name"], flag(namespace_of(service))
    words = ",".join(f"{key}={value}" for key, value in selector.items())
    facts = [f"spec.selector is {words}", f"pods of the namespace that match: none of {len(pods_there)}"]
    near, wrong = _nearest(selector, pods_there)
    commands = [f"kubectl get pods{where} --show-labels"]
    if near is not None:
        has = ", ".join(f"{key}={labels_of(near).get(key, '(no such label)')}" for key in wrong)
        facts.append(f"{ref(near)} comes nearest: it has {has}")
        fixed = ",".join(f"{key}={labels_of(near).get(key, value)}" for key, value in selector.items())
        commands.append(f"kubectl set selector service {name}{where} {fixed}")
    return Cause(
        reason="NoPodMatches", text=f"Its selector {words} matches no pod of its namespace.", facts=tuple(facts),
        commands=tuple(commands),
    )  # fmt: skip


def _nearest(selector: dict[str, str], there: list[Object]) -> tuple[Object | None, list[str]]:
    """The pod that has most of the keys, and those whose values differ."""
    best: tuple[int, Object | None, list[str]] = (0, None, [])
    for pod in there:
        labels = labels_of(pod)
        worth = sum(2 if labels.get(key) == value else key in labels for key, value in selector.items())
        if worth > best[0]:
            best = (worth, pod, [key for key, value in selector.items() if labels.get(key) != value])
    return best[1], best[2]


def _ports(service: Object, matching: list[Object]) -> Iterator[Cause]:
    name, where = service["metadata"]["name"], flag(namespace_of(service))
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port.get("port"))
        named, numbers = _container_ports(matching)
        if isinstance(target, str):
            if target not in named:
                yield Cause(
                    reason="NoSuchPort", text=f"Its targetPort {target} is the name of no container port of its pods.",
                    facts=(f"names of container ports: {listed(sorted(named)) or 'none'}",),
                    commands=(f"kubectl edit service {name}{where}",),
                )  # fmt: skip
        elif numbers and target not in numbers:
            shown = listed(str(each) for each in sorted(numbers))
            yield Cause(
                reason="WrongPort",
                text=f"Its targetPort {target} is none of the ports that its pods' containers declare ({shown}): "
                "connections are refused, unless a container listens there all the same.",
                facts=(f"ports[{port.get('name') or port.get('port')}].targetPort is {target}",
                       f"containerPorts: {shown}"),
                commands=(
                    f"kubectl patch service {name}{where} --type=json -p "
                    f'\'[{{"op":"replace","path":"/spec/ports/{service["spec"]["ports"].index(port)}/targetPort",'
                    f'"value":{min(numbers)}}}]\'',
                ),
            )  # fmt: skip


def _container_ports(matching: list[Object]) -> tuple[set[str], set[int]]:
    named: set[str] = set()
    numbers: set[int] = set()
    for pod in matching:
        for container in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]:
            for port in container.get("ports") or ():
                numbers.add(port["containerPort"])
                named |= {port["name"]} if port.get("name") else set()
    return named, numbers


def _unready(service: Object, matching: list[Object], objects: Objects) -> Iterator[Cause]:
    if service["spec"].get("publishNotReadyAddresses"):
        return
    alive = [pod for pod in matching if get_path(pod, "status", "phase") not in ("Succeeded", "Failed")]
    bad = [pod for pod in alive if not condition_is(pod.get("status"), "Ready")]
    if not bad and alive:
        return
    what = f"{len(bad)} of its {plural(len(alive), 'pod')} are not ready"
    if len(bad) == len(alive):
        what = "its only pod is not ready" if len(bad) == 1 else f"none of its {len(matching)} pods is ready"
    facts = [f"{ref(pod)}: {pods.state(pod)}" for pod in (bad or matching)[:_MOST]]
    yield Cause(
        reason="PodsNotReady", text=f"It sends traffic to ready pods only, and {what}.", facts=tuple(facts),
        commands=(f"kubectl get pods{flag(namespace_of(service))} -l "
                  + ",".join(f"{key}={value}" for key, value in service["spec"]["selector"].items()),),
    )  # fmt: skip
    for pod in bad[:_MOST]:
        for cause in pods.explain(pod, objects):
            if not cause.note:
                yield replace(cause.of(ref(pod)), lines=())
