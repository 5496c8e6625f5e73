import logging

import numpy
import pytest

from sampan_scheduling.contracts import Verdict


class Named:
    name, weight = "mine", 1


class OnlyB(Named):
    def filter(self, state, pod, node):
        return None if node.name == "b" else Verdict("not b")


class AllAtOnce(Named):
    def filter_all(self, state, pod, nodes):
        return nodes.columns["cpu"] > 4000, Verdict("too small")

    def score_all(self, state, pod, nodes, rows):
        return nodes.columns["used_pods"][numpy.array(rows)] * 10


class Likes(Named):
    weight = 100

    def score(self, state, pod, node):
        return 100 if node.name == "b" else 0


class Broken(Named):
    def filter(self, state, pod, node):
        raise ValueError("oh")


class BrokenScore(Named):
    def score(self, state, pod, node):
        raise ValueError("oh")


def test_a_filter_holds_nodes_back_with_its_reason(build, place):
    cluster = place(build.node("a"), build.node("b"), third_party=[OnlyB()])

    assert cluster.explain(build.pod("p")).refused == {"a": Verdict("not b", plugin=OnlyB.name)}
    cluster.cluster.drop_node("b")
    assert cluster.why(build.pod("p")) == "0/1 nodes are available: 1 not b."


def test_a_filter_for_all_nodes_reads_columns_that_are_up_to_date(build, place):
    cluster = place(build.node("a"), build.node("b", cpu="8"), third_party=[AllAtOnce()])
    assert cluster.add(build.pod("p")) == "b"
    assert cluster.cluster.columns["used_pods"].tolist() == [0, 1]

    cluster.cluster.drop_node("b")

    assert cluster.why(build.pod("q")) == "0/1 nodes are available: 1 too small."


def test_a_score_draws_by_its_weight(build, place):
    assert (
        place(build.node("a"), build.node("b"), third_party=[Likes()]).explain(build.pod("p")).points["b"]["mine"]
        == 10000
    )


def test_a_failing_filter_is_named_and_lets_nothing_through(build, place, caplog):
    cluster = place(build.node("a"), third_party=[Broken()])

    assert cluster.why(build.pod("p")) == "0/1 nodes are available: 1 plugin mine failed."
    assert "scheduling plugin mine failed in filter" in caplog.text


def test_a_failing_score_is_passed_over(build, place, caplog):
    caplog.set_level(logging.ERROR)

    assert place(build.node("a"), build.node("b"), third_party=[BrokenScore()]).node_of(build.pod("p"))
    assert "failed in score" in caplog.text


def test_a_pre_filter_refuses_all_nodes_at_once(build, place):
    class Never(Named):
        def pre_filter(self, state, pod, nodes):
            state["mine"] = len(nodes)
            return Verdict(f"not today, {state['mine']} nodes")

    cluster = place(build.node("a"), third_party=[Never()])

    assert cluster.why(build.pod("p")) == "0/1 nodes are available: not today, 1 nodes."


@pytest.mark.parametrize("method", ["permit", "pre_bind"])
def test_who_refuses_late_gives_the_room_back(build, simulated, method):
    said = []

    class Late(Named):
        def reserve(self, state, pod, node):
            said.append("reserved")

        def unreserve(self, state, pod, node):
            said.append("unreserved")

    def refuse(self, state, pod, node):
        raise RuntimeError("too late")

    setattr(Late, method, refuse)
    world = simulated([Late()])
    world.nodes(build.node("a"))
    world.pods(build.pod("p", cpu="4"))

    world.run()

    assert said == ["reserved", "unreserved"]
    assert world.api.events == [("p", "FailedScheduling", "binding rejected: too late")]
    assert world.where("p") == ""


def test_a_sorter_decides_who_is_next(build, simulated):
    class ByName(Named):
        def less(self, a, b):
            return a["metadata"]["name"] > b["metadata"]["name"]

    world = simulated([ByName()])
    world.nodes(build.node("n"))
    world.pods(*(build.pod(name, priority=p) for name, p in (("b", 5), ("c", 0), ("a", 9))))

    world.run()

    assert [name for _, name in world.api.writes] == ["c", "b", "a"]


def test_a_post_filter_nominates(build, simulated):
    class Room(Named):
        def post_filter(self, state, pod, nodes, refused):
            return nodes.node(next(iter(refused))).name

    world = simulated([Room()])
    world.nodes(build.node("n"))
    world.pods(build.pod("p", cpu="5"))

    world.run()

    assert world.api.pods["p"]["status"]["nominatedNodeName"] == "n"


class ForSome(Named):
    """Has to do with pods that are labelled so, and refuses every node to them."""

    def __init__(self):
        self.asked = []

    def concerns(self, pod):
        return "some" in pod["metadata"]["labels"]

    def filter(self, state, pod, node):
        self.asked.append(pod["metadata"]["name"])
        return Verdict("not for some")


def test_a_plugin_is_asked_only_about_the_pods_it_has_to_do_with(build, place):
    plugin = ForSome()
    cluster = place(build.node("a"), third_party=[plugin])

    assert cluster.node_of(build.pod("other")) == "a"
    assert cluster.why(build.pod("mine", labels={"some": "x"})) == "0/1 nodes are available: 1 not for some."
    assert plugin.asked == ["mine"]


def test_a_plugin_that_cannot_say_what_concerns_it_is_asked(build, place, caplog):
    class Confused(ForSome):
        def concerns(self, pod):
            raise ValueError("oh")

    cluster = place(build.node("a"), third_party=[Confused()])

    assert cluster.why(build.pod("p")) == "0/1 nodes are available: 1 not for some."
    assert "failed in concerns" in caplog.text


class Slow(Named):
    """Holds the binding back in pre-bind until it is told."""

    def __init__(self):
        self.done, self.asked, self.freed, self.handle = False, 0, [], None

    def start(self, handle):
        self.handle = handle

    def reserve(self, state, pod, node):
        state["mine"] = node.name

    def unreserve(self, state, pod, node):
        self.freed.append((pod["metadata"]["name"], node.name))

    def pre_bind(self, state, pod, node):
        self.asked += 1
        return 0 if self.done else 600


@pytest.fixture
def slow(simulated, build):
    plugin = Slow()
    found = simulated([plugin])
    found.scheduler._third_party.start(found.scheduler)
    found.nodes(build.node("a"))
    return found, plugin


def test_a_binding_waits_in_pre_bind_and_no_binder_with_it(slow, build):
    found, plugin = slow
    found.pods(build.pod("p"), build.pod("q"))
    found.run()
    assert (found.where("p"), plugin.asked) == ("", 2)

    plugin.done = True
    plugin.handle.ask_again("uid-p")
    found.run()

    assert (found.where("p"), found.where("q")) == ("a", "")
    plugin.handle.ask_again("uid-p")  # nothing waits any more
    found.run()
    assert plugin.asked == 3


def test_a_pod_that_is_deleted_while_it_waits_frees_what_was_reserved(slow, build):
    found, plugin = slow
    found.pods(build.pod("p"))
    found.run()
    found.api.end("p")

    plugin.handle.ask_again("uid-p")
    found.run()

    assert plugin.freed == [("p", "a")]
    assert plugin.asked == 1


def test_a_plugin_wakes_the_pods_that_it_may_help(simulated, build):
    class Gate(Named):
        open = False

        def start(self, handle):
            self.handle = handle

        def filter(self, state, pod, node):
            return None if self.open else Verdict("closed")

    gate = Gate()
    found = simulated([gate])
    found.scheduler._third_party.start(found.scheduler)
    found.nodes(build.node("a"))
    found.pods(build.pod("p"), build.pod("q", labels={"x": "y"}))
    found.run()
    gate.open = True

    gate.handle.wake(lambda pod: pod["metadata"]["name"] == "p")
    found.run(2)

    assert (found.where("p"), found.where("q")) == ("a", "")
