"""An image that cannot be pulled, by the words of container runtimes and registries. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import event_fact, flag, listed, namespace_of, one_line, sentence, warnings
from sampan_machinery.resources import SECRETS

#: Words of messages (lower case), by what they mean; the first that is found counts.
_MEANINGS = (
    ("PolicyNever", ("errimageneverpull", "is not present with pull policy of never")),
    ("BadName", ("invalidimagename", "couldn't parse image", "invalid reference format")),
    ("RateLimited", ("toomanyrequests", "429 too many requests", "pull rate limit")),
    ("Unauthorized", ("unauthorized", "401", "403 forbidden", "authentication required", "no basic auth", "access "
    "denied")),
    ("NoSuchImage", ("manifest unknown", "not found", "no such image", "repository does not exist", "name unknown")),
    ("WrongPlatform", ("no matching manifest for", "exec format error")),
    ("DiskFull", ("no space left on device",)),
    ("Certificate", ("x509", "certificate signed by unknown authority", "http response to https client")),
    ("Unreachable", ("no such host", "connection refused", "i/o timeout", "network is unreachable", "deadline exceeded",
                     "timeout", "temporary failure in name resolution")),
)  # fmt: skip


def explain(pod: Object, spec: Object, waiting: Object, objects: Objects) -> Iterator[Cause]:
    image, name, namespace = spec.get("image", ""), spec["name"], namespace_of(pod)
    events = [
        event for event in warnings(pod, objects, "Failed", "ErrImageNeverPull", "InspectFailed")
        if image in str(event.get("message")) or name in str(event.get("message"))
    ]  # fmt: skip
    detailed = [event for event in events if str(event.get("message")).startswith("Failed to pull")] or events
    words = [waiting["reason"], waiting.get("message", ""), *(each.get("message") for each in detailed[:2])]
    said = " ".join(str(word) for word in words)
    meaning = meaning_of(said)
    facts = [f"container {name} waits: {waiting['reason']}: {one_line(waiting.get('message'))}"]
    facts += [event_fact(each) for each in detailed[:1]]
    text, commands = _words(meaning, image, name, pod, waiting)
    if meaning == "Unauthorized":
        yield from _credentials(pod, objects)
        facts.append(f"spec.imagePullSecrets: {listed(_secrets(pod)) or 'none'}")
    yield Cause(
        reason=f"Image{meaning}", text=text, facts=tuple(facts),
        commands=(*commands, f"kubectl describe pod {pod['metadata']['name']}{flag(namespace)}"),
    )  # fmt: skip


def meaning_of(message: str) -> str:
    """A word of ``_MEANINGS``, or PullFailed."""
    lower = message.lower()
    return next((meaning for meaning, words in _MEANINGS if any(word in lower for word in words)), "PullFailed")


def _words(meaning: str, image: str, name: str, pod: Object, waiting: Object) -> tuple[str, tuple[str, ...]]:
    start = f"The image {image} of container {name}"
    change = f"kubectl set image {_owner(pod)}{flag(namespace_of(pod))} {name}=IMAGE"
    policy = next((c.get("imagePullPolicy") for c in pod["spec"]["containers"] if c["name"] == name), "")
    node = pod["spec"].get("nodeName", "")
    secret = (
        f"kubectl create secret docker-registry NAME{flag(namespace_of(pod))} --docker-server=… --docker-username=…"
    )
    return {
        "PolicyNever": (f"{start} is not on node {node}, and imagePullPolicy {policy or 'Never'} forbids to pull it.",
                        ("set imagePullPolicy to IfNotPresent, or load the image on the node",)),
        "BadName": (f"{start} has a name that is none.", (change,)),
        "RateLimited": (f"{start} cannot be pulled now: the registry's rate limit is reached.", (secret,)),
        "Unauthorized": (f"{start} cannot be pulled: the registry wants other credentials, or the image does not exist "
                         "there (some registries answer both alike).", (secret,)),
        "NoSuchImage": (f"{start} does not exist: the registry has no such repository or tag.", (change,)),
        "WrongPlatform": (f"{start} is not built for the platform of node {node}.", (change,)),
        "DiskFull": (f"{start} cannot be stored: the disk of node {node} is full.", (f"sampan why node/{node}",)),
        "Certificate": (f"{start} cannot be pulled: the registry's certificate is not trusted on node {node}.", ()),
        "Unreachable": (f"{start} cannot be pulled: node {node} does not reach the registry.", ()),
        "PullFailed": (f"{start} cannot be pulled: {sentence(waiting.get('message') or waiting['reason'])}", (change,)),
    }[meaning]  # fmt: skip


def _owner(pod: Object) -> str:
    owner = next((each for each in pod["metadata"].get("ownerReferences") or () if each.get("controller")), None)
    if owner is None:
        return f"pod/{pod['metadata']['name']}"
    if owner["kind"] == "ReplicaSet" and "-" in owner["name"]:
        return f"deployment/{owner['name'].rpartition('-')[0]}"
    return f"{owner['kind'].lower()}/{owner['name']}"


def _secrets(pod: Object) -> list[str]:
    return [each["name"] for each in pod["spec"].get("imagePullSecrets") or () if each.get("name")]


def _credentials(pod: Object, objects: Objects) -> Iterator[Cause]:
    namespace = namespace_of(pod)
    for name in _secrets(pod):
        found = objects.get(SECRETS, name, namespace)
        if found is None and objects.is_known(SECRETS, namespace, name):
            yield Cause(
                reason="PullSecretMissing", text=f"It names the pull secret {name}, which does not exist.",
                facts=(f"spec.imagePullSecrets names {name}",),
                commands=(f"kubectl create secret docker-registry {name}{flag(namespace)} --docker-server=…",),
                about=f"secret/{name}",
            )  # fmt: skip
        elif found is not None and found.get("type") not in (
            "kubernetes.io/dockerconfigjson",
            "kubernetes.io/dockercfg",
        ):
            yield Cause(
                reason="PullSecretType", text=f"Its pull secret {name} is not of the type for registries.",
                facts=(f"secret/{name}: type is {found.get('type')}",),
                commands=(f"kubectl create secret docker-registry {name}{flag(namespace)} --docker-server=…",),
                about=f"secret/{name}",
            )  # fmt: skip
