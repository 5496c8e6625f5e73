from types import SimpleNamespace

from sampan.contracts.components import Contributed
from sampan_explain import Cause, Explainer
from sampan_explain.contributed import explainers


class Hooks:
    def __init__(self, *found):
        self.found = found

    def ask(self, hook):
        assert hook == "contribute_explainers"
        return self.found


def test_explainers_of_all_plugins_are_asked_for():
    mine = Explainer(group="", kind="Pod", explain=lambda obj, objects: [Cause(reason="A", text="T.")])

    assert explainers(Hooks(Contributed("a", [mine]))) == [mine]
    assert explainers(None) == []


def test_a_third_party_explainer_that_raises_or_answers_nonsense_costs_its_own_causes_only(caplog):
    def bad(obj, objects):
        raise KeyError("oops")

    given = [Explainer(group="", kind="Pod", explain=each) for each in (bad, lambda obj, objects: ["no cause"])]
    found = explainers(Hooks(Contributed("theirs", given, SimpleNamespace())))

    assert [list(each.explain({}, None)) for each in found] == [[], []]
    assert "plugin theirs failed to explain a Pod" in caplog.text
