"""Performs the decisions about one pod: reads the runtime's state, asks ``machine.decide``, acts, and publishes the
status.

One thread while there is work, none otherwise. Woken by changes of the pod, the runtime's events, probes and the clock.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan.errors import Conflict, NotFound, SampanError
from sampan_machinery.metadata import copy, get_condition, now_text, observed_generation
from sampan_machinery.resources import PODS
from sampan_node.admission import REJECTED, Refusal
from sampan_node.clock import Alarm
from sampan_node.devices import NotPrepared
from sampan_node.host import Host
from sampan_node.housekeeping.ranking import IMMEDIATE
from sampan_node.pod import machine, specs, termination
from sampan_node.pod.handlers import HandlerResult, perform
from sampan_node.pod.machine import PodMemory, RuntimeState, Waiting
from sampan_node.pod.probing import Probers
from sampan_node.pod.resizer import Resizer
from sampan_node.pod.resizing import as_granted, remembered
from sampan_node.pod.starting import Starter
from sampan_node.pod.status import OVER, changes, status_of
from sampan_node.pod.stopping import Stopper
from sampan_node.runtimes import shown_name
from sampan_node.volumes import ephemeral
from sampan_node.volumes.claims import MountProblem
from sampan_node.volumes.volumes import has_changing, may_be_mounted
from sampan_podspec.containers import walk
from sampan_runtime.contracts import RuntimeFailure

log = logging.getLogger(__name__)

FOLLOW = 60.0  # seconds between looks at volumes that plugins have mounted: repeated calls, claims that grow
REFRESH = 120.0  # seconds between looks at what no watch tells of: tokens to be renewed, the cluster's authority
LOST = "NodeNotReady"  # why the node life cycle calls a pod not ready: it does so again while its node counts as lost
DISPUTE = 1.0  # seconds between two contradictions to that
HOOK_PATIENCE = 600.0  # seconds a postStart hook may take


class Worker:
    def __init__(self, host: Host, pod: Object) -> None:
        self.pod = pod
        self.gone = False  # the pod is deleted in the API
        self.finished = threading.Event()  # nothing of the pod is left here
        self.told = threading.Event()  # the API has a status that this agent saw, not one of before its start
        self.memory = PodMemory(resizing=remembered(pod))
        self._host = host
        self._starter = Starter(host, self.memory)
        self._stopper = Stopper(host, self._perform)
        self._resizer = Resizer(host, self.memory)
        self._hooked = ""  # id of the container whose postStart hook is at work
        self._refused = False  # this node did not take the pod
        self._probers = Probers(host, self.memory, perform=self._perform, tell=self._event, changed=self.poke)
        self._known: Object = pod.get("status") or {}  # status as the API has it
        self._known_at = _revision(pod)
        self._followed = 0.0  # when plugins' volumes were last looked at
        self._disputed = 0.0  # when the API was last contradicted that calls the node lost
        self._messages: dict[str, str] = {}
        self._lock = threading.Lock()
        self._dirty = self._working = False
        self._alarm: Alarm | None = None
        self._stopped = False
        self._idle = threading.Event()
        self._idle.set()
        (host.home / "pods").mkdir(mode=0o700, parents=True, exist_ok=True)  # Secrets and tokens are in it
        if not self._settle() and self._known.get("startTime"):
            host.admission.take(as_granted(pod, self.memory.resizing), anyway=True)

    @property
    def folder(self) -> Path:
        return self._host.home / "pods" / str(self.pod["metadata"]["uid"])

    def update(self, pod: Object) -> None:
        """The API has a newer pod."""
        if _revision(pod) >= _revision(self.pod):
            before, self.pod = self.pod, pod
            self._hurry(before)
        self._learn(pod, pod.get("status") or {})
        self.poke()

    def _learn(self, pod: Object, status: Object) -> None:
        """What the API has by now. The answer to a write may come after the watch has told of a later one."""
        with self._lock:
            if (revision := _revision(pod)) >= self._known_at:
                self._known, self._known_at = status, revision

    def vanish(self, last: Object | None = None) -> None:
        """The pod is deleted in the API; ``last`` is its last state there."""
        if last is not None and last["metadata"].get("deletionTimestamp"):
            before, self.pod = self.pod, last
            self._hurry(before)
        self.gone = True
        self.told.set()
        self.poke()

    def _hurry(self, before: Object) -> None:
        """Shorten the grace period of what is being stopped where the pod's was shortened."""
        if not self.pod["metadata"].get("deletionTimestamp"):
            return
        if hooked := self._hooked:
            self._stopper.begin(hooked, self._grace())
        if before["metadata"].get("deletionTimestamp") and grace_of(self.pod) < grace_of(before):
            self._stopper.hurry(max(1, grace_of(self.pod)))

    def poke(self) -> None:
        """Wake the worker; many calls before it runs count as one."""
        with self._lock:
            if self._stopped:
                return
            self._dirty = True
            if self._working:
                return
            self._working = True
            self._idle.clear()
        threading.Thread(target=self._work, name=f"pod {self.pod['metadata']['name']}", daemon=True).start()

    def stop(self) -> None:
        """The agent ends; containers run on."""
        with self._lock:
            self._stopped = True
        self._probers.stop_all()

    def join(self, patience: float) -> None:
        """Wait until nothing is being done, so many seconds at most."""
        self._idle.wait(patience)

    def _work(self) -> None:
        failures = 0
        while True:
            with self._lock:
                if not self._dirty or self._stopped:
                    self._working = False
                    self._idle.set()
                    return
                self._dirty = False
            try:
                self._sync()
                self.told.set()
                failures = 0
            except (SampanError, OSError) as error:
                failures += 1
                log.warning("node: pods/%s: %s; trying again", self.where(), error)
                self._wake(time.time() + min(30.0, 0.5 * 2**failures))
            except Exception:
                failures += 1
                log.exception("node: pods/%s: trying again", self.where())
                self._wake(time.time() + min(60.0, 2.0 * 2**failures))

    def where(self) -> str:
        """The pod's namespace and name, for logs."""
        return f"{self.pod['metadata']['namespace']}/{self.pod['metadata']['name']}"

    def _wake(self, moment: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._host.clock.at(moment, self.poke)

    def see(self) -> RuntimeState:
        uid = self.pod["metadata"]["uid"]
        runtime = self._host.runtime
        boxes = sorted(runtime.sandboxes(uid), key=lambda box: (box.ready, box.attempt))
        return RuntimeState(boxes[-1] if boxes else None, runtime.containers(uid), frozenset(self.memory.again))

    def _sync(self) -> None:
        if self.finished.is_set():
            return
        seen = self.see()
        if self.gone:
            self._stop_all(seen)
            self._remove()
            return
        if self._is_refused(seen):
            return
        self._adopt(seen)
        self._keep_in_limits(seen)
        retry = self._resize(seen)
        plan = machine.decide(as_granted(self.pod, self.memory.resizing), seen, self.memory, time.time())
        if retry:
            plan.at(retry)
        if not self.told.is_set():
            self._tell_first(seen)
        for action in plan.actions:
            self._act(action, seen)
            if self.finished.is_set() or self._stopped:
                return
            if isinstance(action, machine.StartSandbox | machine.StopAll):
                seen = self.see()
        if plan.actions:
            seen = self.see()
            self._adopt(seen)
            self._dirty = True
        self._host.references.follow(self.pod, self._shown_changed)
        self._refresh_volumes(seen)
        if later := self._dispute_again():
            plan.at(later)
        else:
            self._publish(seen)
        self._after_failures()
        if ephemeral.is_limited(self.pod) and seen.running():
            plan.at(time.time() + ephemeral.LOOK_EVERY)
        if later := self._follow_volumes(seen):
            plan.at(later)
        if plan.wake:
            self._wake(plan.wake)
        elif seen.running() and has_changing(self.pod):
            self._wake(time.time() + REFRESH)

    def _keep_in_limits(self, seen: RuntimeState) -> None:
        """A pod that stores more than it may is evicted."""
        if not seen.running() or self.memory.verdict or not ephemeral.is_limited(self.pod):
            return
        if text := ephemeral.excess(self.pod, self._starter.volumes(self.pod, self.folder).place_of("emptyDir", "")):
            self.evict(text, IMMEDIATE)

    def holds_room(self) -> bool:
        """Whether the pod runs, or is about to, and is not being ended."""
        over = self._known.get("phase") in OVER or self.memory.verdict or self.pod["metadata"].get("deletionTimestamp")
        return not (over or self.gone or self._refused or self.finished.is_set())

    def is_stopped(self) -> bool:
        """Whether none of its containers runs."""
        return self.finished.is_set() or not self.see().running()

    def evict(self, message: str, grace: int, *, disrupted: bool = False) -> None:
        """End the pod for good within so many seconds: the node needs what it uses (``disrupted``), or it used more
        than it may."""
        self._event("Warning", "Evicted", message)
        self.memory.grace, self.memory.disruption = grace, message if disrupted else ""
        self.memory.verdict = ("Failed", "Evicted", message)

    def is_active(self) -> bool:
        """Whether the pod has not ended."""
        return not (self._known.get("phase") in OVER or self._refused or self.finished.is_set())

    def shut_down(self, reason: str, message: str, grace: int) -> None:
        """End the pod for good within so many seconds, as its node goes down; an end that has begun is shortened."""
        self.memory.grace, self.memory.disruption = grace, message
        self.memory.verdict = ("Failed", reason, message)
        self._stopper.hurry(max(1, grace))
        self.poke()

    def _resize(self, seen: RuntimeState) -> float:
        """Give containers other resources where the spec says so; when to try again, 0.0 never."""
        resizing = self.memory.resizing
        if self.memory.verdict or self.pod["metadata"].get("deletionTimestamp"):
            return 0.0
        self._resizer.look(self.pod)
        if resizing.pending:
            self._host.admission.waits(self.pod["metadata"]["uid"], self.poke)
        return self._resizer.apply(self.pod, seen) if resizing.progress else 0.0

    def _tell_first(self, seen: RuntimeState) -> None:
        """Publish the present state before anything that takes time: a status from before the agent's start is out of
        date."""
        if self._known.get("startTime") or not self.pod["metadata"].get("deletionTimestamp"):
            self._publish(seen)
        self.told.set()

    def _act(self, action: machine.Action, seen: RuntimeState) -> None:
        match action:
            case machine.StartSandbox():
                self._start_sandbox(action.attempt)
            case machine.StartContainer():
                self._start(action, seen)
            case machine.StopContainer():
                self._event("Normal", "Killing", action.why, container=action.name)
                self._stopper.stop(self.pod, action.id, action.name, self._grace())
                self.memory.doomed.pop(action.id, None)
            case machine.RemoveContainer():
                self._host.runtime.remove_container(action.id)
            case machine.StopAll():
                self._stop_all(seen)
            case machine.RemovePod():
                self._publish(self.see())
                self._remove()
                self._delete()

    def _is_refused(self, seen: RuntimeState) -> bool:
        """Whether this node does not take the pod; looked at once, before anything of it is here."""
        if self._refused:
            deleted = bool(self.pod["metadata"].get("deletionTimestamp"))
            if deleted:
                self._delete()
            return True
        fresh = not (self._known.get("startTime") or seen.sandbox or self.memory.verdict)
        if self.pod["metadata"].get("deletionTimestamp") or not fresh:
            return False
        refusal = self._host.admission.take(self.pod) or self._without_devices()
        if refusal is None:
            return False
        self._refused = True
        self._event("Warning", refusal.reason, refusal.message)
        status: Object = {"phase": "Failed", "reason": refusal.reason, "message": refusal.message}
        self._write({**status, **observed_generation(self.pod), "startTime": now_text(time.time())})
        return True

    def _without_devices(self) -> Refusal | None:
        if not (why := self._host.devices.admit(self.pod)):
            return None
        self._host.admission.release(self.pod["metadata"]["uid"])
        return Refusal("UnexpectedAdmissionError", f"{REJECTED}{why}")

    # starting

    def _start_sandbox(self, attempt: int) -> None:
        try:
            handler = self._host.runtime_handler(self.pod)
            self._host.runtime.run_sandbox(specs.sandbox_spec(self.pod, attempt, self._host.options, handler=handler))
        except RuntimeFailure as error:
            self._event("Warning", "FailedCreatePodSandBox", f"Failed to create pod sandbox: {error}")
            self._hold("", "ContainerCreating", "")
        else:
            self._clear("")

    def _start(self, action: machine.StartContainer, seen: RuntimeState) -> None:
        name = action.container["name"]
        if seen.sandbox is None or not seen.sandbox.ready:
            return
        try:
            self._host.guards.prepare(self.pod, seen.sandbox)
            pod = {**self.pod, "status": self._status(seen)}
            granted = self._host.devices.prepare(self.pod, action.container)
            container_id = self._starter.start(
                pod, action.container, action.attempt, seen.sandbox, self.folder, granted=granted
            )  # fmt: skip
        except (MountProblem, NotPrepared) as error:
            reason = error.reason if isinstance(error, NotPrepared) else "FailedMount"
            self._event("Warning", reason, str(error))
            self._hold(name, "PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating", "")
            return
        except RuntimeFailure as error:
            self._hold(name, error.reason, str(error))
            return
        self._clear(name)
        if hook := (action.container.get("lifecycle") or {}).get("postStart"):
            self._hooked = container_id
            try:
                outcome = self._perform(hook, action.container, container_id, HOOK_PATIENCE)
            finally:
                self._hooked = ""
            if not outcome.ok:
                log.info("node: pods/%s: postStart of container %s failed: %s", self.where(), name, outcome.message)
                self._event("Warning", "FailedPostStartHook", "PostStartHook failed", container=name)
                self.memory.doomed[container_id] = f"FailedPostStartHook: container {name}"

    def _hold(self, name: str, reason: str, message: str) -> None:
        times = self.memory.failures[name] = self.memory.failures.get(name, 0) + 1
        quick = reason in ("CreateContainerConfigError", "ContainerCreating", "PodInitializing")
        pause = min(2.0 * times, 10.0) if quick else machine.failure_delay(times)
        self.memory.waiting[name] = Waiting(reason, message, time.time() + pause)

    def _clear(self, name: str) -> None:
        self.memory.waiting.pop(name, None)
        self.memory.failures.pop(name, None)

    def _after_failures(self) -> None:
        """What was just published as ErrImagePull is ImagePullBackOff from now on."""
        for name, waiting in list(self.memory.waiting.items()):
            if waiting.reason == "ErrImagePull":
                image = self._starter.pulled.get(name, "")
                text = f'Back-off pulling image "{image}": ErrImagePull: {waiting.message}'
                self.memory.waiting[name] = Waiting("ImagePullBackOff", text, waiting.until)
                self._event("Normal", "BackOff", f'Back-off pulling image "{image}"')
                self._dirty = True

    # running

    def _adopt(self, seen: RuntimeState) -> None:
        """Probe what runs, and read what ended containers have left to say."""
        self._probers.follow(self.pod, self._known, {one.id: one for one in seen.running()})
        containers = {container["name"]: container for _, container in walk(self.pod["spec"])}
        for one in seen.containers:
            if one.state == "exited" and one.id not in self._messages:
                spec = containers.get(one.name, {})
                text = termination.message(self._host.runtime, spec, one, self.folder)
                self._messages[one.id] = termination.fitted(text, len(containers))

    def _perform(self, handler: Object, container: Object, identifier: str, timeout: float) -> HandlerResult:
        ip = self._known.get("podIP") or self._host.ip
        return perform(handler, container, runtime=self._host.runtime, container_id=identifier, ip=ip, timeout=timeout)

    def _shown_changed(self) -> None:
        """An object that a volume shows, or waits for, has changed."""
        for name, waiting in list(self.memory.waiting.items()):
            if waiting.reason in ("ContainerCreating", "PodInitializing"):
                self.memory.waiting[name] = waiting._replace(until=0.0)
        self.poke()

    def _refresh_volumes(self, seen: RuntimeState) -> None:
        if not seen.running() or not has_changing(self.pod) or self.pod["metadata"].get("deletionTimestamp"):
            return
        try:
            self._starter.volumes(self.pod, self.folder).refresh({**self.pod, "status": self._status(seen)})
        except MountProblem as error:
            log.debug("node: pods/%s: %s", self.where(), error)

    def _follow_volumes(self, seen: RuntimeState) -> float:
        """Look at the volumes that plugins have mounted, now and then; when to look again, 0.0 never."""
        if not may_be_mounted(self.pod, self._host.mounters.keys()) or not seen.running():
            return 0.0
        volumes = self._starter.volumes(self.pod, self.folder)
        if self.pod["metadata"].get("deletionTimestamp") or not volumes.plugins.are_here():
            return 0.0
        if (now := time.time()) < self._followed + FOLLOW:
            return self._followed + FOLLOW
        if self._followed:  # else they were mounted a moment ago
            try:
                volumes.follow(self.pod)
            except MountProblem as error:
                log.info("node: pods/%s: %s", self.where(), error)
        self._followed = now
        return now + FOLLOW

    # ending

    def _grace(self) -> int:
        own, given = grace_of(self.pod), self.memory.grace
        return own if given is None else max(1, min(own, given))

    def _stop_all(self, seen: RuntimeState) -> None:
        for one in seen.running():
            self._probers.stop(one.id)
        self._stopper.stop_all(self.pod, seen.running(), self._grace())
        if seen.sandbox is not None and seen.sandbox.ready:
            self._host.runtime.stop_sandbox(seen.sandbox.id)

    def _remove(self) -> None:
        uid = self.pod["metadata"]["uid"]
        self._probers.stop_all()
        for sandbox in self._host.runtime.sandboxes(uid):
            self._host.runtime.remove_sandbox(sandbox.id)
        for container in self._host.runtime.containers(uid):
            self._host.runtime.remove_container(container.id)
        self._host.devices.release(self.pod)
        self._starter.volumes(self.pod, self.folder).remove()
        termination.remove(self.folder)
        self._host.forget(uid)
        self._host.references.forget(uid)
        self._host.admission.release(uid)
        if self.gone:
            self.finished.set()

    def _delete(self) -> None:
        meta = self.pod["metadata"]
        try:
            self._host.client.delete(PODS, meta["name"], meta["namespace"], uid=meta["uid"], grace=0)
        except (NotFound, Conflict):
            log.debug("node: pods/%s is gone already", self.where())
        self.finished.set()

    # telling

    def _status(self, seen: RuntimeState) -> Object:
        pod = {**self.pod, "status": self._known}
        return status_of(
            pod, seen, self.memory, host_ip=self._host.ip, runtime=shown_name(self._host.runtime), now=time.time(),
            messages=self._messages,
        )  # fmt: skip

    def _publish(self, seen: RuntimeState) -> None:
        """Write the fields of the status that differ from the API's; no request when none does."""
        if self._known.get("phase") in OVER and not seen.containers:
            return  # what ended is not here any more: its last status stays
        status = self._status(seen)
        if status.get("phase") in OVER:
            self._host.devices.release(self.pod)  # before this is told: then another pod may get them
        self._write(status)

    def _write(self, status: Object) -> None:
        changed = changes(self._known, status)
        if not changed or self.gone:
            return
        meta = self.pod["metadata"]
        patch = {"metadata": {"uid": meta["uid"]}, "status": changed}
        try:
            written = self._host.client.patch(
                PODS, meta["name"], patch, meta["namespace"], subresource="status", how="strategic"
            )
        except (NotFound, Conflict) as error:
            log.debug("node: pods/%s: status not written: %s", self.where(), error)
            return
        self._learn(written or self.pod, copy((written or {}).get("status") or status))
        self._settle()

    def _dispute_again(self) -> float:
        """When to say next that the pod is ready, where the API denies it because it calls the node lost; 0.0: now."""
        if (get_condition(self._known, "Ready") or {}).get("reason") != LOST:
            return 0.0
        if (now := time.time()) < self._disputed + DISPUTE:
            return self._disputed + DISPUTE
        self._disputed = now
        return 0.0

    def _settle(self) -> bool:
        """A pod that has ended stays ended, even where its containers are removed."""
        over = self._known.get("phase") in OVER
        if over:
            self.memory.verdict = (self._known["phase"], self._known.get("reason", ""), self._known.get("message", ""))
            self._host.admission.release(self.pod["metadata"]["uid"])
        return over

    def _event(self, type: str, reason: str, message: str, *, container: str = "") -> None:
        self._host.tell(self.pod, type, reason, message, container=container)


def _revision(pod: Object) -> int:
    return int((pod.get("metadata") or {}).get("resourceVersion") or 0)


def grace_of(pod: Object) -> int:
    """Seconds that the pod's containers have to end."""
    meta, spec = pod["metadata"], pod["spec"]
    if meta.get("deletionTimestamp") and meta.get("deletionGracePeriodSeconds") is not None:
        return int(meta["deletionGracePeriodSeconds"])
    seconds = int(spec.get("terminationGracePeriodSeconds", 30))
    return seconds if seconds >= 0 else 1  # a negative one is accepted, as upstream, and means one second
