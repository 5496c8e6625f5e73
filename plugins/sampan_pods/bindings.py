"""The kind Binding as a collection: POST /api/v1/namespaces/NAMESPACE/bindings does what pods/binding does, for the pod
that is named in the body. Clients use pods/binding; this is the older way."""

from __future__ import annotations

from sampan.contracts.kinds import Kind, Object
from sampan.contracts.serving import Call
from sampan.errors import BadRequest, NotFound
from sampan_machinery.resources import BINDINGS, PODS
from sampan_pods.binding import SUCCESS, assignment


def bind(call: Call) -> Object:
    """Blocks while the pod is written."""
    binding = call.body()
    metadata = binding.get("metadata") or {}
    name = str(metadata.get("name") or "")
    if metadata.get("namespace") not in (None, "", call.namespace):
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if not name:
        raise BadRequest("name must be provided")
    assign = assignment(binding, name, call.cluster.now)
    if call.dry_run:
        pod = call.cluster.get(PODS, name, call.namespace)
        if pod is None:
            raise NotFound(f'pods "{name}" not found', kind="pods", name=name)
        assign(pod)
    else:
        call.cluster.update(PODS, name, call.namespace, assign, subresource="binding", user=call.user)
    return SUCCESS


BINDING = Kind(**BINDINGS._asdict(), verbs=("create",), answer=bind, answer_blocks=True)
