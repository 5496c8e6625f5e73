from sampan_explain import Explainer
from sampan_explain.hookspecs import wrong_with


def test_an_explainer_is_checked_when_a_plugin_answers():
    assert wrong_with(Explainer(group="", kind="Pod", explain=lambda obj, objects: [])) == ""
    assert (
        wrong_with(Explainer(group="", kind="", explain=lambda obj, objects: []))
        == "an Explainer needs kind and explain"
    )
    assert wrong_with("pods") == "an Explainer is wanted, not 'pods' (str)"
