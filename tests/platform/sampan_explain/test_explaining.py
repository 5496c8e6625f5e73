import pytest

from sampan_explain import Cause, Explainer, explaining, gather
from sampan_explain.objects import Want
from sampan_machinery.resources import EVENTS, NODES, PODS


def test_gathering_reads_what_is_asked_for_until_nothing_is(make):
    asked = []

    def read(want):
        asked.append(want)
        return (
            [make.pod("web-1", ready=False, statuses=[make.crashed(1)])]
            if want.resource == PODS and not want.name
            else []
        )

    found = gather(make.service(), read, now=make.now)

    assert [cause.reason for cause in found.causes] == ["PodsNotReady", "CrashLoop"]
    assert Want(PODS, "default") in asked
    assert Want(NODES, "", "node-1") in asked
    assert Want(EVENTS, "default") in asked
    assert Want(PODS, "default", "web-1", "app", True) in asked
    assert len(asked) == len(set(asked))


def test_what_could_not_be_read_is_said(make):
    found = gather(make.service(), lambda want: "you may not read them", now=make.now)

    assert not found.causes
    assert found.unread == ("pods of namespace default (you may not read them)",)


def test_explainers_of_plugins_come_after_sampans_own(make):
    def explain(obj, objects):
        yield Cause(reason="Mine", text="M.")

    mine = [Explainer(group="", kind="Pod", explain=explain), Explainer(group="x", kind="Pod", explain=explain)]
    found = explaining.explain(make.pod(statuses=[make.crashed(1)]), _empty(make), mine)

    assert [cause.reason for cause in found.causes] == ["CrashLoop", "Mine"]


def test_a_kind_that_only_a_plugin_knows_is_explained(make):
    mine = Explainer(group="x.io", kind="Boat", explain=lambda obj, objects: [Cause(reason="Leak", text="L.")])

    assert explaining.explain(make.obj("Boat", "b", "x.io/v1"), _empty(make), [mine]).causes[0].reason == "Leak"


@pytest.mark.parametrize(("kind", "module"), explaining._SUBJECTS.items())
def test_every_subject_is_there(kind, module):
    made = explaining._module({"apiVersion": f"{kind[0]}/v1" if kind[0] else "v1", "kind": kind[1]})

    assert made.__name__.endswith(module)
    assert callable(made.explain)


def _empty(make):
    from sampan_explain import Objects

    return Objects.of([], make.now)
