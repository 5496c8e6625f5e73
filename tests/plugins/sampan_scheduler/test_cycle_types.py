from sampan_scheduler.cycle_types import Scores

SCORES = Scores("zone", {"a": 100.0, "b": 50.0}, otherwise=10.0, missing=0.0, weight=2)


def test_a_score_counts_with_its_weight():
    assert SCORES.weighted() == {"a": 200.0, "b": 100.0}
    assert SCORES.at("b") == 100.0


def test_a_domain_without_a_score_and_a_node_without_the_label_have_their_own():
    assert SCORES.at("c") == 20.0
    assert SCORES.at(None) == 0.0
