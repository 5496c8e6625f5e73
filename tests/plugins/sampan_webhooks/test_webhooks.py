"""One webhook: which review it gets, where it is, its conditions compiled once."""

import pytest

from sampan_cel.errors import CompileError
from sampan_machinery.resources import SERVICES
from sampan_testing.shelves import Shelf
from sampan_webhookclient.failures import CallFailed
from sampan_webhooks.webhooks import Webhook


def webhook(**more):
    return Webhook("x", 0, {"name": "a.b.c", **more})


@pytest.mark.parametrize(
    ("versions", "wanted"), [(["v1"], "v1"), (["v2", "v1beta1", "v1"], "v1beta1"), (["v9"], ""), ([], "")]
)
def test_the_first_version_that_we_know_is_sent(versions, wanted):
    assert webhook(admissionReviewVersions=versions).review_version == wanted


def test_conditions_are_compiled_when_needed_and_once():
    found = webhook(matchConditions=[{"name": "a", "expression": "true"}])

    assert found.has_conditions
    assert found.conditions() is found.conditions()
    assert not webhook().has_conditions
    with pytest.raises(CompileError):
        webhook(matchConditions=[{"name": "a", "expression": "..."}]).conditions()


def test_a_service_is_resolved_again_when_services_change():
    shelf, found = Shelf(), webhook(clientConfig={"service": {"name": "s", "namespace": "n"}})
    first = found.destination(shelf)
    assert found.destination(shelf) is first
    assert first.failure == 'service "s" not found'

    shelf.put(SERVICES, {"metadata": {"name": "s", "namespace": "n"}, "spec": {"ports": [{"port": 443}]}})

    assert found.destination(shelf).failure == 'no endpoints available for service "s"'


def test_a_url_is_read_once_and_a_bad_bundle_is_told():
    found = webhook(clientConfig={"url": "https://x.test/a"})

    assert found.destination(Shelf()) is found.destination(Shelf())
    with pytest.raises(CallFailed):
        webhook(clientConfig={"url": "https://x.test", "caBundle": "§"}).destination(Shelf())
