import pytest

from sampan_node.pod import growth
from sampan_node.pod.growth import ExpansionBudget, TooLong


@pytest.fixture
def budget(monkeypatch):
    monkeypatch.setattr(growth, "MOST", 100)
    return ExpansionBudget()


def test_text_and_what_its_references_stand_for_count(budget):
    budget.take("$(A) and $(B)", {"A": "x" * 40, "B": "y" * 40})
    with pytest.raises(TooLong):
        budget.take("x" * 10, {})


def test_unknown_references_count_as_their_own_text(budget):
    budget.take("$(UNKNOWN)" * 10, {})


def test_a_text_is_refused_before_it_is_made(budget):
    with pytest.raises(TooLong, match="longer than 100 characters"):
        budget.take("$(A)" * 1_000_000, {"A": "x" * 1_000_000})


def test_doubling_is_found(budget):
    env = {"A0": "x" * 10}
    with pytest.raises(TooLong):
        for step in range(1, 30):
            text = f"$(A{step - 1})$(A{step - 1})"
            budget.take(text, env)
            env[f"A{step}"] = env[f"A{step - 1}"] * 2
