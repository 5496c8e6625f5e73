"""What admitters for mutating and for validating webhooks share: when they are asked, and what a failed call means."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import ClassVar

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Resource
from sampan.contracts.serving import Cluster
from sampan_webhookclient.client import WebhookClient
from sampan_webhooks import refusals
from sampan_webhooks.calling import Calling
from sampan_webhooks.configurations import Configurations
from sampan_webhooks.figures import Figures
from sampan_webhooks.refusals import CallingFailed
from sampan_webhooks.webhooks import Webhook

log = logging.getLogger(__name__)


class ConfiguredAdmitter:
    """Concerns what the webhooks of one kind of configuration name. It blocks: on a thread of the server's pool."""

    operations = frozenset({"*"})
    may_be_absent = True
    blocking = True
    watches: ClassVar[tuple[Resource, ...]]

    def __init__(self, cluster: Cluster, client: WebhookClient, calling: Calling, figures: Figures) -> None:
        self.client, self.calling, self.figures = client, calling, figures
        self.configurations = Configurations(cluster, self.watches[0])

    def concerns(self, resources: Sequence[Resource], subresource: str, operation: str) -> bool:
        return self.configurations.concerns(resources, subresource, operation)

    def failed(self, review: Review, webhook: Webhook, failure: CallingFailed, annotation: str) -> None:
        """Go on where the webhook's failures are ignored and there is time left; else raises InternalError or
        Timeout."""
        if not webhook.ignores_failures:
            log.warning("webhooks: %s: %s", review.ref, failure)
            raise refusals.failed_closed(failure) from failure
        log.warning("webhooks: %s: ignored: %s", review.ref, failure)
        review.audit_annotations[annotation] = webhook.name
        if self.calling.left(review) <= 0:
            raise refusals.too_late() from failure
