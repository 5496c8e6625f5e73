from sampan_scheduler.profiles import DEFAULT_WEIGHTS, Profile, own_rules, profile_of


def test_a_profile_has_filters_in_upstreams_order_and_scores_with_upstreams_weights():
    found = profile_of(own_rules(), "mine")

    assert [rule.name for rule in found.filters if rule.local] == [
        "NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit",
        "NodeDeclaredFeatures",
    ]  # fmt: skip
    assert {rule.name: weight for rule, weight in found.scores} == {n: w for n, w in DEFAULT_WEIGHTS.items() if w}
    assert found.name == "mine"


def test_plugins_of_others_take_part_unless_disabled():
    assert Profile().takes_part("x")
    assert not Profile(off=frozenset({"x"})).takes_part("x")
    assert [Profile(off=frozenset({"*"}), on=frozenset({"x"})).takes_part(name) for name in "xy"] == [True, False]
