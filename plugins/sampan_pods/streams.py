"""pods/log, exec, attach and portforward: asked of the agent of the pod's node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer, Call
from sampan.errors import BadRequest
from sampan_machinery import problems
from sampan_machinery.validation import validate_non_negative, validate_positive
from sampan_pods import kubelet

LOG_OPTIONS = {
    "follow": "follow", "previous": "previous", "timestamps": "timestamps", "tailLines": "tailLines",
    "limitBytes": "limitBytes", "sinceSeconds": "sinceSeconds", "sinceTime": "sinceTime",
}  # fmt: skip


class Streams:
    """The four streaming subresources; ``pki`` is the directory with the API server's client certificate."""

    def __init__(self, pki: str) -> None:
        self._pki = pki

    def log(self, call: Call) -> Any:
        pod = call.target()
        container = kubelet.chosen_container(pod, _one(call, "container"), "log")
        query = {name: _one(call, name) for name in LOG_OPTIONS if _one(call, name)}
        check_log_options({**query, **({"stream": _one(call, "stream")} if "stream" in call.query else {})}, call.name)
        if not pod["spec"].get("nodeName"):
            return Answer(204)  # it cannot have written anything yet
        path = f"/containerLogs/{call.namespace}/{call.name}/{container}"
        node = kubelet.scheduled_node(pod)
        if call.headers.get("upgrade"):
            return kubelet.tunnel(call, self._pki, node, path, list(query.items()))
        return kubelet.fetch(call, self._pki, node, path, query)

    def exec(self, call: Call) -> Any:
        if not call.query.get("command"):
            raise BadRequest("you must specify at least one command for the container")
        return self._container_stream(call, "exec", ("command", "stdin", "stdout", "stderr", "tty"))

    def attach(self, call: Call) -> Any:
        return self._container_stream(call, "attach", ("stdin", "stdout", "stderr", "tty"))

    def portforward(self, call: Call) -> Any:
        pod = call.target()
        path = f"/portForward/{call.namespace}/{call.name}"
        query = [("port", port) for port in call.query.get("ports", ())]
        return kubelet.tunnel(call, self._pki, self._running_node(pod), path, query)

    def _container_stream(self, call: Call, verb: str, passed: tuple[str, ...]) -> Any:
        pod = call.target()
        container = kubelet.chosen_container(pod, _one(call, "container"), verb)
        path = f"/{verb}/{call.namespace}/{call.name}/{container}"
        query = [(name, value) for name in passed for value in call.query.get(name, ())]
        return kubelet.tunnel(call, self._pki, self._running_node(pod), path, query)

    def _running_node(self, pod: Object) -> str:
        phase = (pod.get("status") or {}).get("phase")
        if phase in ("Succeeded", "Failed"):
            raise BadRequest(f"cannot exec into a container in a completed pod; current phase is {phase}")
        return kubelet.scheduled_node(pod)


def _one(call: Call, name: str) -> str:
    values = call.query.get(name) or [""]
    return values[-1]


def check_log_options(query: Mapping[str, str], pod: str) -> None:
    """Raises BadRequest for what is no number, Invalid for what is no sensible one. Source: core/v1 PodLogOptions."""
    found = []
    for name in ("tailLines", "limitBytes", "sinceSeconds"):
        text = query.get(name)
        if text is None:
            continue
        try:
            value = int(text)
        except ValueError:
            raise BadRequest(f"{name}: {text!r} is not a whole number") from None
        if name == "tailLines":
            found += validate_non_negative(name, value)
        else:
            found += validate_positive(name, value)
    if "sinceSeconds" in query and "sinceTime" in query:
        found.append(problems.forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    if "stream" in query:  # KEP-3288's gate is off by default in 1.36
        found.append(problems.forbidden("stream", "may not be specified"))
    if found:
        raise problems.as_error(found, group="", kind="PodLogOptions", name=pod)
