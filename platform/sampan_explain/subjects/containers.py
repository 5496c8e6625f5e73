"""A container: cannot be pulled, cannot be made, restarts, fails its probes, is not ready. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import images, mounts
from sampan_explain.subjects.said import (
    age,
    event_fact,
    flag,
    namespace_of,
    one_line,
    plural,
    sentence,
    since,
    warnings,
)
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import CONFIG_MAPS, PODS, SECRETS
from sampan_podspec.containers import is_sidecar

#: What the shell and the kernel mean by an exit code.
_CODES = {
    126: "its command is not executable",
    127: "its command was not found",
    134: "it aborted (SIGABRT)",
    137: "it was killed (SIGKILL)",
    139: "it crashed (SIGSEGV)",
    143: "it was told to end (SIGTERM)",
}
_PULLS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")


def explain(pod: Object, objects: Objects) -> Iterator[Cause]:
    """Of each container that is not as it should be; init containers first, for they come first."""
    spec, status = pod["spec"], pod.get("status") or {}
    specs = {each["name"]: each for each in [*(spec.get("initContainers") or ()), *spec["containers"]]}
    initial = {each["name"] for each in spec.get("initContainers") or () if not is_sidecar(each)}
    for each in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        if each["name"] in specs:
            yield from _container(pod, specs[each["name"]], each, objects, initial=each["name"] in initial)


def _container(pod: Object, spec: Object, status: Object, objects: Objects, *, initial: bool) -> Iterator[Cause]:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason = waiting.get("reason") or ""
    if reason in _PULLS:
        yield from images.explain(pod, spec, waiting, objects)
    elif reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        yield from _unmade(pod, spec, waiting, objects)
    elif reason == "CrashLoopBackOff" or (status.get("lastState") or {}).get("terminated"):
        ended = (status.get("lastState") or {}).get("terminated") or {}
        if not (initial and state.get("terminated", {}).get("exitCode") == 0):
            yield _restarts(pod, spec, status, ended, objects)
    elif state.get("terminated", {}).get("exitCode"):
        yield _restarts(pod, spec, status, state["terminated"], objects)
    elif state.get("running") and initial:
        yield _initial(pod, spec, state["running"], objects)
    if state.get("running") and not initial and not status.get("ready"):
        yield _not_ready(pod, spec, status, objects)


def _unmade(pod: Object, spec: Object, waiting: Object, objects: Objects) -> Iterator[Cause]:
    namespace, name = namespace_of(pod), spec["name"]
    lacking: list[Cause] = []
    for variable in spec.get("env") or ():
        source = variable.get("valueFrom") or {}
        for field, resource in (("configMapKeyRef", CONFIG_MAPS), ("secretKeyRef", SECRETS)):
            part = source.get(field)
            if part and not part.get("optional"):
                what = f"the variable {variable['name']} of container {name}"
                lacking += mounts.lacking(resource, part.get("name", ""), namespace, objects, what, part.get("key", ""))
    for source in spec.get("envFrom") or ():
        for field, resource in (("configMapRef", CONFIG_MAPS), ("secretRef", SECRETS)):
            part = source.get(field)
            if part and not part.get("optional"):
                lacking += mounts.lacking(resource, part.get("name", ""), namespace, objects, f"container {name}")
    if lacking:
        yield from lacking
        return
    yield Cause(
        reason=waiting["reason"], text=f"Container {name} cannot be made: {sentence(waiting.get('message'))}",
        facts=(f"container {name} waits: {waiting['reason']}: {one_line(waiting.get('message'))}",),
        commands=(f"kubectl describe pod {pod['metadata']['name']}{flag(namespace)}",),
    )  # fmt: skip


def _restarts(pod: Object, spec: Object, status: Object, ended: Object, objects: Objects) -> Cause:
    name, namespace = spec["name"], namespace_of(pod)
    count, code = status.get("restartCount") or 0, ended.get("exitCode")
    probe = next((e for e in warnings(pod, objects, "Killing") if "liveness" in str(e.get("message"))), None)
    probe = probe or next((e for e in warnings(pod, objects, "Unhealthy") if "Liveness" in str(e.get("message"))), None)
    times = f"Container {name} has been restarted {plural(count, 'time')}" if count else f"Container {name} has ended"
    previous = bool((status.get("lastState") or {}).get("terminated")) and bool(count)
    line = objects.log_line(PODS, pod, name, previous=previous) if count or code else ""
    facts = [f"container {name} last ended with exit code {code} ({ended.get('reason') or 'no reason'})"]
    facts += [f"its last line: {line}"] if line else []
    log = f"kubectl logs {pod['metadata']['name']}{flag(namespace)} -c {name}{' --previous' if previous else ''}"
    memory = get_path(spec, "resources", "limits", "memory")
    if ended.get("reason") == "OOMKilled":
        limit = f"its limit of {memory}" if memory else "the node had left, and it has no limit"
        return Cause(
            reason="OOMKilled", text=f"{times}: it was killed for using more memory than {limit} (OOMKilled).",
            facts=(*facts, f"resources.limits.memory is {memory or 'not set'}"),
            commands=(_limits(pod, name), log),
        )  # fmt: skip
    if probe is not None:
        return Cause(
            reason="LivenessProbeFailed", text=f"{times}: its liveness probe fails, and then it is killed.",
            facts=(*facts, event_fact(probe), _probe(spec, "livenessProbe")),
            commands=(log, f"kubectl describe pod {pod['metadata']['name']}{flag(namespace)}"),
        )  # fmt: skip
    if code == 0:
        return Cause(
            reason="CompletedContainer",
            text=f"{times}: its command ends with success each time, and restartPolicy is "
            f"{pod['spec'].get('restartPolicy', 'Always')}. A long-running container must not end.",
            facts=tuple(facts), commands=(log,),
        )  # fmt: skip
    meaning = _CODES.get(code or 0, "its program failed")
    said = f" It last wrote: {line}" if line else ""
    if ended.get("reason") in ("ContainerCannotRun", "StartError") or (
        ended.get("message") and code in (126, 127, 128)
    ):
        said = f" {sentence(ended.get('message'))}"
    return Cause(
        reason="CrashLoop", text=f"{times}: it ends with exit code {code} ({meaning}).{said}", facts=tuple(facts),
        commands=(log,),
    )  # fmt: skip


def _initial(pod: Object, spec: Object, running: Object, objects: Objects) -> Cause:
    name = spec["name"]
    line = objects.log_line(PODS, pod, name)
    return Cause(
        reason="InitContainerRuns",
        text=f"It waits for its init container {name}, which has run for "
        f"{age(since(running.get('startedAt'), objects.now))}.{f' It last wrote: {line}' if line else ''}",
        facts=(f"init container {name} is running", *((f"its last line: {line}",) if line else ())),
        commands=(f"kubectl logs {pod['metadata']['name']}{flag(namespace_of(pod))} -c {name} -f",),
    )


def _not_ready(pod: Object, spec: Object, status: Object, objects: Objects) -> Cause:
    name, namespace = spec["name"], namespace_of(pod)
    events = warnings(pod, objects, "Unhealthy")
    which = "startupProbe" if spec.get("startupProbe") and not status.get("started") else "readinessProbe"
    word = "Startup" if which == "startupProbe" else "Readiness"
    event = next((each for each in events if str(each.get("message")).startswith(word)), None)
    what = "startup" if which == "startupProbe" else "readiness"
    if not spec.get(which):
        return Cause(
            reason="NotReady", text=f"Container {name} runs and is not ready yet.",
            facts=(f"container {name}: ready is false",),
            commands=(f"kubectl describe pod {pod['metadata']['name']}{flag(namespace)}",),
        )  # fmt: skip
    why = f": {sentence(event.get('message'))}" if event else ", or has not succeeded yet."
    return Cause(
        reason=f"{word}ProbeFailed", text=f"Container {name} runs, but its {what} probe fails{why}",
        facts=(_probe(spec, which), *((event_fact(event),) if event else (f"container {name}: ready is false",))),
        commands=(
            f"kubectl logs {pod['metadata']['name']}{flag(namespace)} -c {name}",
            f"kubectl describe pod {pod['metadata']['name']}{flag(namespace)}",
        ),
    )  # fmt: skip


def ended(pod: Object, objects: Objects) -> Iterator[Cause]:
    """Of a pod that failed: the containers that ended badly."""
    status, namespace = pod.get("status") or {}, namespace_of(pod)
    for each in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        last = get_path(each, "state", "terminated", default={})
        code = last.get("exitCode")
        if not code:
            continue
        line = objects.log_line(PODS, pod, each["name"])
        killed = last.get("reason") == "OOMKilled"
        meaning = "more memory than it may use" if killed else _CODES.get(code, "its program failed")
        yield Cause(
            reason="OOMKilled" if killed else "ContainerFailed",
            text=f"Container {each['name']} ended with exit code {code} ({meaning})."
            f"{f' It last wrote: {line}' if line else ''}",
            facts=(
                f"container {each['name']} ended: {last.get('reason') or 'Error'}, exit code {code}",
                *((f"its last line: {line}",) if line else ()),
            ),
            commands=(f"kubectl logs {pod['metadata']['name']}{flag(namespace)} -c {each['name']}",),
        )  # fmt: skip


def _limits(pod: Object, container: str) -> str:
    owner = next((each for each in pod["metadata"].get("ownerReferences") or () if each.get("controller")), None)
    kind, name = (owner["kind"].lower(), owner["name"]) if owner else ("pod", pod["metadata"]["name"])
    if kind == "replicaset" and "-" in name:
        kind, name = "deployment", name.rpartition("-")[0]
    return f"kubectl set resources {kind} {name}{flag(namespace_of(pod))} -c {container} --limits=memory=MORE"


def _probe(spec: Object, which: str) -> str:
    probe = spec.get(which) or {}
    for how in ("httpGet", "tcpSocket", "grpc", "exec"):
        part = probe.get(how)
        if part is None:
            continue
        if how == "httpGet":
            target = f"GET {part.get('path', '/')} on port {part.get('port')}"
        elif how == "exec":
            target = f"command {' '.join(part.get('command') or ())}"
        else:
            target = f"{how} on port {part.get('port')}"
        every, most = probe.get("periodSeconds", 10), probe.get("failureThreshold", 3)
        return f"{which}: {target}, every {every} s, {most} failures are too many"
    return f"{which} is set"
