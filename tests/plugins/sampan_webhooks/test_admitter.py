"""A failed call: the failure policy decides, and the time that is left."""

import pytest

from sampan.errors import InternalError, Timeout
from sampan_testing.shelves import Shelf
from sampan_webhookclient.client import WebhookClient
from sampan_webhooks.calling import Calling
from sampan_webhooks.figures import Figures
from sampan_webhooks.refusals import CallingFailed
from sampan_webhooks.validating import ValidatingWebhooks
from sampan_webhooks.webhooks import Webhook

FAILURE = CallingFailed("a.b.c", "failed to call webhook: EOF")


class Asked:
    ref, timeout = "configmaps/default/x", 5.0

    def __init__(self):
        self.state, self.audit_annotations = {}, {}


def failed(policy, *, later=0.0):
    now = [100.0]
    calling = Calling(Shelf(), lambda: now[0])
    admitter, asked = ValidatingWebhooks(Shelf(), WebhookClient(), calling, Figures()), Asked()
    calling.left(asked)
    now[0] += later
    admitter.failed(asked, Webhook("x", 0, {"name": "a.b.c", "failurePolicy": policy}), FAILURE, "key")
    return asked


def test_a_failure_that_counts_refuses_the_write():
    with pytest.raises(InternalError, match="failed to call webhook: EOF"):
        failed("Fail")


def test_a_failure_that_does_not_count_is_noted():
    assert failed("Ignore").audit_annotations == {"key": "a.b.c"}


def test_no_time_left_ends_the_request_all_the_same():
    with pytest.raises(Timeout, match="request did not complete within requested timeout"):
        failed("Ignore", later=5.0)


def test_nothing_concerns_it_without_configurations():
    assert not ValidatingWebhooks(Shelf(), WebhookClient(), Calling(Shelf()), Figures()).concerns((), "", "CREATE")
