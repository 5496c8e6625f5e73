"""The kinds MutatingWebhookConfiguration and ValidatingWebhookConfiguration.

Source: admissionregistration.k8s.io/v1 API reference; upstream's defaults, strategies and printers.
"""

from __future__ import annotations

from sampan.contracts.kinds import Column, Kind, Object, Resource
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.endpoints import HTTPS
from sampan_machinery.resources import MUTATING_WEBHOOK_CONFIGURATIONS, VALIDATING_WEBHOOK_CONFIGURATIONS
from sampan_webhooks import validation

SECONDS = 10


def default_mutating(obj: Object) -> None:
    default(obj)
    for webhook in obj.get("webhooks") or ():
        webhook.setdefault("reinvocationPolicy", "Never")


def default(obj: Object) -> None:
    for webhook in obj.get("webhooks") or ():
        webhook.setdefault("failurePolicy", "Fail")
        webhook.setdefault("matchPolicy", "Equivalent")
        webhook.setdefault("namespaceSelector", {})
        webhook.setdefault("objectSelector", {})
        webhook.setdefault("timeoutSeconds", SECONDS)
        for rule in webhook.get("rules") or ():
            rule.setdefault("scope", "*")
        service = (webhook.get("clientConfig") or {}).get("service")
        if service is not None:
            service.setdefault("port", HTTPS)


def _kind(resource: Resource, **more: object) -> Kind:
    return Kind(
        group=resource.group, version=resource.version, kind=resource.kind, plural=resource.plural, namespaced=False,
        categories=("api-extensions",), generation=True, unconditional_update=False, has_expressions=True,
        any_finalizer=True, validate=validation.validate,
        columns=(
            NAME,
            Column(
                "Webhooks", lambda obj: len(obj.get("webhooks") or ()), "integer",
                description="Webhooks indicates the number of webhooks registered in this configuration",
            ),
            AGE,
        ),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


MUTATING = _kind(MUTATING_WEBHOOK_CONFIGURATIONS, default=default_mutating)
VALIDATING = _kind(VALIDATING_WEBHOOK_CONFIGURATIONS, default=default)
