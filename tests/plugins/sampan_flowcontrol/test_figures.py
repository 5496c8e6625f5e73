from __future__ import annotations

import pytest

from sampan.errors import TooManyRequests
from sampan_flowcontrol.dispatching import Dispatcher
from sampan_flowcontrol.figures import figures
from sampan_flowcontrol.levels import config_of


def test_the_figures_are_those_of_the_levels(level, request_of):
    dispatcher = Dispatcher(1)
    dispatcher.configure([config_of(level("a", queues=0, lendable=100))])
    running = dispatcher.enter(dispatcher.level("a"), request_of(), 1, lambda: ())
    with pytest.raises(TooManyRequests):
        dispatcher.enter(dispatcher.level("a"), request_of(), 1, lambda: ())

    found = {each.name.removeprefix("apiserver_flowcontrol_"): list(each.read()) for each in figures(dispatcher)}

    assert found == {
        "nominal_limit_seats": [(("a",), 1.0)], "lower_limit_seats": [(("a",), 0.0)],
        "current_executing_seats": [(("a",), 1.0)], "current_inqueue_requests": [(("a",), 0.0)],
        "rejected_requests": [(("a",), 1.0)],
    }  # fmt: skip
    assert running is not None
