"""Validating webhooks: called all at once; the first refusal in their order counts.

Source: apiserver's plugin/webhook/validating/dispatcher.go.
"""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.errors import StatusError
from sampan_admission.subjects import Subject
from sampan_machinery.resources import VALIDATING_WEBHOOK_CONFIGURATIONS
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply
from sampan_webhooks import calling, refusals
from sampan_webhooks.admitter import ConfiguredAdmitter
from sampan_webhooks.calling import Sent
from sampan_webhooks.configurations import Matched
from sampan_webhooks.figures import VALIDATING
from sampan_webhooks.refusals import CallingFailed

FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io/"


class ValidatingWebhooks(ConfiguredAdmitter):
    """The admitter. Satisfies contracts.admission.Admitter."""

    name = "ValidatingAdmissionWebhook"
    mutates = False
    priority = 850  # before quotas are counted, as upstream
    watches = (VALIDATING_WEBHOOK_CONFIGURATIONS,)

    def admit(self, review: Review) -> None:
        subject = Subject.of(review)
        wanted = [
            matched
            for matched in self.configurations.now().matching(subject)
            if self.calling.is_wanted(matched.webhook, review, subject, matched.resource)
        ]
        if not wanted:
            return
        if self.calling.left(review) <= 0:
            raise refusals.too_late()
        prepared = [self._prepared(matched, review, subject) for matched in wanted]
        replies = iter(self.client.call_all([each.call for each in prepared if isinstance(each, Sent)]))
        refused: StatusError | None = None
        for matched, each in zip(wanted, prepared, strict=True):
            try:
                self._judge(matched, review, each, next(replies) if isinstance(each, Sent) else None)
            except StatusError as error:
                refused = refused or error
        if refused is not None:
            raise refused

    def _prepared(self, matched: Matched, review: Review, subject: Subject) -> Sent | Exception:
        try:
            return self.calling.prepare(matched.webhook, review, subject, matched.resource)
        except (CallingFailed, StatusError) as error:
            return error

    def _judge(
        self, matched: Matched, review: Review, sent: Sent | Exception, reply: Reply | CallFailed | None
    ) -> None:
        """Raises StatusError."""
        failure: Exception | None = None
        try:
            if isinstance(sent, Exception):
                raise sent
            assert reply is not None
            calling.told(review, matched.webhook, calling.judged(sent, reply, mutating=False))
        except (CallingFailed, StatusError) as error:
            failure = error
        webhook, seconds = matched.webhook, 0.0 if reply is None else reply.seconds
        ignored = isinstance(failure, CallingFailed) and webhook.ignores_failures
        self.figures.observe(webhook.name, VALIDATING, review.operation, seconds, failure, ignored=ignored)
        if isinstance(failure, CallingFailed):
            self.failed(review, webhook, failure, f"{FAILED_OPEN}round_0_index_{matched.place}")
        elif failure is not None:
            raise failure
