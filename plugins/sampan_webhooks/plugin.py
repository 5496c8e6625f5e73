"""Where sampan_webhooks meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_webhooks.kinds import MUTATING, VALIDATING

    return [MUTATING, VALIDATING]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_webhookclient.client import WebhookClient
    from sampan_webhooks.calling import Calling
    from sampan_webhooks.figures import Figures
    from sampan_webhooks.mutating import MutatingWebhooks
    from sampan_webhooks.validating import ValidatingWebhooks

    client, calling, figures = WebhookClient(), Calling(context.cluster), Figures()
    for metric in figures.metrics():
        context.add_metric(metric)
    return [
        MutatingWebhooks(context.cluster, client, calling, figures),
        ValidatingWebhooks(context.cluster, client, calling, figures),
    ]
