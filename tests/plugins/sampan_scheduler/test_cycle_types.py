from sampan_scheduler.cycle_types import Refusal, Requirement
from sampan_scheduling.contracts import Verdict

NO, MISSING = Verdict("no"), Verdict("no label")


def test_a_refusal_is_about_its_domains_and_perhaps_about_nodes_without_the_label():
    assert Refusal("zone", {"a"}, NO).against("a") is NO
    assert Refusal("zone", {"a"}, NO).against("b") is None
    assert Refusal("zone", {"a"}, NO).against(None) is None
    assert Refusal("zone", {"a"}, NO, MISSING).against(None) is MISSING


def test_a_requirement_wants_the_label_and_one_of_its_domains():
    assert Requirement("zone", {"a"}, NO).against("a") is None
    assert Requirement("zone", {"a"}, NO).against("b") is NO
    assert Requirement("zone", None, NO).against("b") is None
    assert Requirement("zone", None, NO).against(None) is NO
