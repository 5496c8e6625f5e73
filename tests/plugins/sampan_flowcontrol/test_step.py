from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.contracts.chain import Later, RequestOutcome
from sampan_flowcontrol.dispatching import Dispatcher, Running
from sampan_flowcontrol.step import FlowControl
from sampan_machinery.resources import FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS
from sampan_testing.shelves import Shelf

OUTCOME = RequestOutcome(200, 0.1, {}, b"")
MASTER = User("admin", ("system:masters",))


@pytest.fixture
def control(schema, level):
    shelf = Shelf([(FLOW_SCHEMAS, schema()), (PRIORITY_LEVEL_CONFIGURATIONS, level(longest=5))])
    made = FlowControl(shelf, Dispatcher(2))
    made.shelf = shelf
    yield made
    made._dispatcher.close()


def test_a_request_falls_under_a_schema_and_its_level_and_its_answer_says_so(control, request_of):
    request = request_of()

    assert isinstance(control.enter(request), Running)
    assert request.added == [
        ("x-kubernetes-pf-flowschema-uid", "uid-mine"), ("x-kubernetes-pf-prioritylevel-uid", "uid-mine"),
    ]  # fmt: skip


def test_masters_are_exempt_even_where_the_objects_are_gone(control, request_of):
    assert control.enter(request_of(user=MASTER)) is None
    assert control.classify(request_of(user=MASTER)).schema.name == "exempt"


def test_connections_that_last_take_no_seat(control, request_of):
    assert control.enter(request_of(subresource="exec")) is None


def test_one_that_has_no_seat_waits(control, request_of):
    running = [control.enter(request_of()) for _ in range(2)]
    resumed = []

    with pytest.raises(Later) as later:
        control.enter(request_of())
    later.value.begin(resumed.append)
    running[0](OUTCOME)

    assert isinstance(resumed[0], Running)


def test_changes_count_at_once(control, request_of, schema, level):
    control.enter(request_of())
    control.shelf.put(PRIORITY_LEVEL_CONFIGURATIONS, level("other"))
    control.shelf.put(FLOW_SCHEMAS, schema("other", precedence=5, level="other"))

    assert control.classify(request_of()).schema.name == "other"


def test_a_schema_whose_level_is_missing_is_passed_over(control, request_of, schema):
    control.shelf.put(FLOW_SCHEMAS, schema("dangling", precedence=5, level="none"))

    assert control.classify(request_of()).schema.name == "mine"


def test_who_falls_under_none_is_caught(request_of, schema, level):
    only = schema(kind="User", user={"name": "bob"})
    shelf = Shelf([(FLOW_SCHEMAS, only), (PRIORITY_LEVEL_CONFIGURATIONS, level())])
    control = FlowControl(shelf, Dispatcher(10))

    assert control.classify(request_of()).schema.name == "catch-all"
