"""A webhook that refuses requests because it cannot be called. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects import ingresses, services
from sampan_explain.subjects.said import flag, listed, ref
from sampan_machinery.resources import SERVICES


def explain(configuration: Object, objects: Objects) -> Iterator[Cause]:
    for webhook in configuration.get("webhooks") or ():
        yield from _webhook(configuration, webhook, objects)


def _webhook(configuration: Object, webhook: Object, objects: Objects) -> Iterator[Cause]:
    config = webhook.get("clientConfig") or {}
    service = config.get("service")
    if not service:
        return
    name, namespace = service["name"], service["namespace"]
    what, ways = _effect(webhook), _ways(configuration, webhook)
    found = objects.get(SERVICES, name, namespace)
    if found is None:
        if objects.is_known(SERVICES, namespace, name):
            yield Cause(
                reason="WebhookServiceMissing",
                text=f"The webhook {webhook['name']} is to be called through the Service {namespace}/{name}, "
                "which does "
                f"not exist: {what}.",
                facts=(f"clientConfig.service is {namespace}/{name}", _policy(webhook), _rules(webhook)), commands=ways,
                about=f"service/{name}",
            )  # fmt: skip
        return
    port = service.get("port") or 443
    if not any(each.get("port") == port for each in found["spec"].get("ports") or ()):
        yield Cause(
            reason="WebhookPortMissing",
            text=f"The webhook {webhook['name']} is called on port {port}, which the Service {name} does not "
            f"have: {what}.",
            facts=(f"ports of service/{name}: {listed(str(each['port']) for each in found['spec'].get('ports') or ())}",
                   _policy(webhook)),
            commands=ways, about=f"service/{name}",
        )  # fmt: skip
    if not config.get("caBundle"):
        yield Cause(
            reason="WebhookCABundleMissing",
            text=f"The webhook {webhook['name']} has no caBundle, so its certificate is trusted only if this "
            "cluster's host "
            "trusts it.",
            facts=("clientConfig.caBundle is empty",), commands=ways[:1],
        )  # fmt: skip
    if not ingresses.has_ready(found, objects):
        yield Cause(
            reason="WebhookDown", text=f"No pod of the webhook {webhook['name']} is ready: {what}.",
            facts=(f"service/{name} in {namespace} has no ready endpoint", _policy(webhook), _rules(webhook)),
            commands=(f"sampan why service/{name}{flag(namespace)}", *ways), about=f"service/{name}",
        )  # fmt: skip
        for cause in services.explain(found, objects):
            if not cause.note:
                yield cause.of(ref(found))


def _effect(webhook: Object) -> str:
    if webhook.get("failurePolicy", "Fail") == "Ignore":
        return "requests pass without it"
    return "every request that it is to judge is refused"


def _policy(webhook: Object) -> str:
    return f"failurePolicy is {webhook.get('failurePolicy', 'Fail')}, timeout {webhook.get('timeoutSeconds', 10)} s"


def _rules(webhook: Object) -> str:
    shown = [
        f"{'/'.join(rule.get('operations') or ())} {','.join(rule.get('resources') or ())}"
        for rule in webhook.get("rules") or ()
    ]
    return f"it judges {listed(shown) or 'nothing'}"


def _ways(configuration: Object, webhook: Object) -> tuple[str, ...]:
    kind, name = configuration["kind"].lower(), configuration["metadata"]["name"]
    number = configuration["webhooks"].index(webhook)
    return (
        f"kubectl edit {kind} {name}",
        f"kubectl patch {kind} {name} --type=json -p "
        f'\'[{{"op":"replace","path":"/webhooks/{number}/failurePolicy","value":"Ignore"}}]\'',
    )
