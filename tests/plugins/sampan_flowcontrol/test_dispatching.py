from __future__ import annotations

import pytest

from sampan.contracts.chain import RequestOutcome
from sampan.errors import TooManyRequests
from sampan_flowcontrol.dispatching import LONGEST, TURN, Dispatcher, Running, Ticket
from sampan_flowcontrol.levels import config_of

OUTCOME = RequestOutcome(200, 0.1, {}, b"")


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def dispatcher(clock):
    made = []

    def build(*levels, total=4):
        made.append(Dispatcher(total, clock))
        made[-1].configure([config_of(each) for each in levels])
        return made[-1]

    yield build
    for each in made:
        each.close()


class Client:
    """Requests of one level, and what has come of those that waited."""

    def __init__(self, dispatcher, request_of, name="mine", **more):
        self.dispatcher, self.request, self.name = dispatcher, request_of(**more), name
        self.resumed = []

    def ask(self, width=1, hand=(0,)):
        level = self.dispatcher.level(self.name)
        answer = self.dispatcher.enter(level, self.request, width, lambda: hand)
        if isinstance(answer, Ticket):
            self.dispatcher.begin(answer, self.resumed.append)
        return answer

    def turn(self):
        """What the loop does at the end of a turn."""
        functions, self.request.turns[:] = list(self.request.turns), []
        for function in functions:
            function()


def test_what_has_no_seat_waits_until_one_is_free(dispatcher, level, request_of):
    client = Client(dispatcher(level()), request_of)
    running = [client.ask() for _ in range(4)]
    waiting = client.ask()

    assert all(isinstance(each, Running) for each in running)
    assert isinstance(waiting, Ticket) and client.resumed == []
    running[0](OUTCOME)
    assert len(client.resumed) == 1 and isinstance(client.resumed[0], Running)


def test_a_seat_is_given_back_once(dispatcher, level, request_of):
    found = dispatcher(level())
    running = Client(found, request_of).ask()

    running.started(200)
    running(OUTCOME)

    assert found.snapshots()[0].running == 0


def test_a_request_whose_client_has_left_gives_its_seats_back(dispatcher, level, request_of):
    found = dispatcher(level())
    client = Client(found, request_of)
    client.ask()  # no one keeps it

    assert found.snapshots()[0].running == 0


def test_a_level_without_queues_refuses(dispatcher, level, request_of):
    client = Client(dispatcher(level(queues=0), total=1), request_of)
    running = client.ask()

    with pytest.raises(TooManyRequests) as error:
        client.ask()
    assert error.value.retry_after == 1
    del running


def test_a_full_queue_refuses(dispatcher, level, request_of):
    client = Client(dispatcher(level(longest=1), total=1), request_of)
    running, ticket = client.ask(), client.ask()

    with pytest.raises(TooManyRequests):
        client.ask()
    assert isinstance(running, Running) and isinstance(ticket, Ticket)


def test_a_flood_of_one_level_leaves_others_their_seats(dispatcher, level, request_of):
    found = dispatcher(level("low", 10, longest=100), level("high", 10), total=4)
    low, high = Client(found, request_of, "low"), Client(found, request_of, "high")
    flood = [low.ask() for _ in range(10)]

    assert isinstance(high.ask(), Running)
    assert [each.running for each in found.snapshots()] == [0, 2]
    assert len(flood) == 10


def test_seats_that_another_level_lends_are_borrowed(dispatcher, level, request_of):
    found = dispatcher(level("a", 10, longest=100), level("b", 10, lendable=50), total=4)
    client = Client(found, request_of, "a")

    running = [each for each in (client.ask() for _ in range(10)) if isinstance(each, Running)]

    assert len(running) == 3  # two of its own, one of b's; the other is b's for ever


def test_borrowing_has_its_limit(dispatcher, level, request_of):
    found = dispatcher(level("a", 10, longest=100, borrowing=0), level("b", 10, lendable=100), total=4)
    client = Client(found, request_of, "a")

    assert sum(isinstance(each, Running) for each in [client.ask() for _ in range(10)]) == 2


def test_a_wide_request_runs_alone_rather_than_never(dispatcher, level, request_of):
    client = Client(dispatcher(level(), total=2), request_of)

    running = client.ask(width=10)

    assert isinstance(running, Running)
    assert isinstance(client.ask(), Ticket)


def test_what_the_loop_has_no_time_for_waits_for_its_next_turn(dispatcher, level, request_of, clock):
    client = Client(dispatcher(level(longest=10), total=100), request_of, on_loop=True)
    running = client.ask()
    clock.now += TURN * 2
    running(OUTCOME)

    assert isinstance(client.ask(), Ticket)
    assert client.resumed == []
    client.turn()
    assert len(client.resumed) == 1


def test_a_level_that_has_used_nothing_is_served_in_a_turn_that_others_have_used_up(
    dispatcher, level, request_of, clock
):
    found = dispatcher(level("low", longest=10), level("high"), total=100)
    low, high = Client(found, request_of, "low", on_loop=True), Client(found, request_of, "high", on_loop=True)
    running = low.ask()
    clock.now += TURN * 2
    running(OUTCOME)

    assert isinstance(low.ask(), Ticket)
    assert isinstance(high.ask(), Running)


def test_turns_end_when_only_seats_are_missing(dispatcher, level, request_of):
    """The loop would turn for nothing else."""
    client = Client(dispatcher(level(longest=10), total=1), request_of, on_loop=True)
    running, ticket = client.ask(), client.ask()

    client.turn()

    assert client.request.turns == []
    running(OUTCOME)
    assert len(client.resumed) == 1
    assert isinstance(ticket, Ticket)


def test_what_has_waited_for_too_long_is_refused(dispatcher, level, request_of, clock):
    found = dispatcher(level(longest=10), total=1)
    client = Client(found, request_of)
    running, ticket = client.ask(), client.ask()
    clock.now += LONGEST + 1

    found._expire()

    assert isinstance(client.resumed[0], TooManyRequests)
    assert found.snapshots()[0].waiting == 0
    assert isinstance(running, Running) and isinstance(ticket, Ticket)


def test_a_level_that_is_gone_serves_what_waits_in_it(dispatcher, level, request_of):
    found = dispatcher(level("a", longest=10), level("b"), total=2)
    client = Client(found, request_of, "a")
    running = [client.ask() for _ in range(2)]
    found.configure([config_of(level("b"))])

    running[0](OUTCOME)

    assert len(client.resumed) == 1 or isinstance(running[1], Ticket)
    assert found.level("b") is not None
