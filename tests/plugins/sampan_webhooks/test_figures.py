"""What is counted of webhooks, as /metrics shows it."""

import pytest
from falcon.testing import TestClient

from sampan.contracts.access import User
from sampan.errors import Forbidden, InternalError
from sampan_machinery.resources import CONFIG_MAPS
from sampan_webhooks.figures import Figures
from sampan_webhooks.refusals import denied

HEAD = "apiserver_admission_webhook_"
NOWHERE = {"url": "https://127.0.0.1:1/x"}


@pytest.fixture
def shown(hooks):
    """The lines of the figures of webhooks that name this one: without the head, and without the seconds."""

    def lines(name):
        client = TestClient(hooks.cluster.app.wsgi)
        text = client.simulate_get("/metrics", extras={"sampan.user": User("admin", ("system:masters",))}).text
        return {
            line.removeprefix(HEAD) for line in text.splitlines()
            if line.startswith(HEAD) and f'name="{name}.hooks.test"' in line and "_bucket" not in line
            and "_sum" not in line
        }  # fmt: skip

    return lines


def create(hooks, name):
    return hooks.client.create(CONFIG_MAPS, {"metadata": {"name": name}}, "default")


def test_a_call_that_allows_is_counted_with_its_seconds(hooks, shown):
    hooks.add("counted")
    create(hooks, "counted")

    labels = 'name="counted.hooks.test",operation="CREATE",rejected="false",type="validating"'
    assert shown("counted") == {
        f"admission_duration_seconds_count{{{labels}}} 1.0",
        'request_total{code="200",name="counted.hooks.test",operation="CREATE",rejected="false",type="validating"} 1.0',
    }


def test_a_refusal_is_counted_with_its_code(hooks, shown):
    hooks.add("refusing", {"allowed": False, "status": {"message": "no", "code": 403}}, mutating=True)
    with pytest.raises(Forbidden):
        create(hooks, "refused")

    assert {line for line in shown("refusing") if not line.startswith("admission_duration")} == {
        'request_total{code="403",name="refusing.hooks.test",operation="CREATE",rejected="true",type="admit"} 1.0',
        'rejection_count{error_type="no_error",name="refusing.hooks.test",operation="CREATE",'
        'rejection_code="403",type="admit"} 1.0',
    }


@pytest.mark.parametrize("mutating", [True, False])
def test_a_failed_call_is_counted_as_open_or_as_an_error(hooks, shown, mutating):
    sort = "admit" if mutating else "validating"
    hooks.add(f"open-{sort}", clientConfig=NOWHERE, failurePolicy="Ignore", mutating=mutating)
    create(hooks, f"open-{sort}")
    assert f'fail_open_count{{name="open-{sort}.hooks.test",type="{sort}"}} 1.0' in shown(f"open-{sort}")

    hooks.add(f"shut-{sort}", clientConfig=NOWHERE, failurePolicy="Fail", mutating=mutating)
    with pytest.raises(InternalError):
        create(hooks, f"shut-{sort}")
    assert (
        f'rejection_count{{error_type="calling_webhook_error",name="shut-{sort}.hooks.test",operation="CREATE",'
        f'rejection_code="0",type="{sort}"}} 1.0' in shown(f"shut-{sort}")
    )


def test_odd_codes_are_counted_as_one():
    figures = Figures()
    refusal = denied("x", {"code": 599})
    vars(refusal)["code"] = 7777
    figures.observe("x", "admit", "CREATE", 0.1, refusal)

    (rejections,) = (metric for metric in figures.metrics() if metric.name.endswith("rejection_count"))
    assert list(rejections.read()) == [(("x", "admit", "CREATE", "no_error", "600"), 1.0)]
