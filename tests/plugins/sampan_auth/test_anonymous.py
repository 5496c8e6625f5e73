import pytest

from sampan.contracts.access import Credentials
from sampan_auth.anonymous import AnonymousRule, check_anonymous, rule_of


def admitted(rule, *paths):
    return [path for path in paths if rule.admits_anonymous(path)]


def test_exactly_the_paths_named_are_open():
    rule = rule_of({"anonymous": {"enabled": True, "conditions": [{"path": "/livez"}, {"path": "/readyz"}]}})

    assert admitted(rule, "/livez", "/livez/ping", "/readyz", "/version", "/api") == ["/livez", "/readyz"]
    assert rule.name == "anonymous" and rule.authenticate(Credentials({}, None, "")) is None


def test_without_conditions_all_paths_are_open_or_none():
    assert admitted(rule_of({"anonymous": {"enabled": True}}), "/api", "/livez") == ["/api", "/livez"]
    assert admitted(rule_of({"anonymous": {"enabled": False}}), "/api", "/livez") == []
    assert rule_of({"jwt": []}) is None
    assert rule_of({"anonymous": {"enabled": True}}) == AnonymousRule(True, None)


@pytest.mark.parametrize(
    "said, why",
    [
        (True, "anonymous: Invalid value: true"),
        ({"enabled": "yes"}, "anonymous.enabled: Invalid value"),
        ({"enabled": True, "paths": []}, "anonymous.paths: Forbidden: unknown field"),
        ({"conditions": [{"path": "/livez"}]}, "enabled should be set to true when conditions are defined"),
        ({"enabled": True, "conditions": "/livez"}, "anonymous.conditions: Invalid value"),
        ({"enabled": True, "conditions": [{}]}, "anonymous.conditions[0].path: Required value"),
        ({"enabled": True, "conditions": [7]}, "anonymous.conditions[0].path: Required value"),
        ({"enabled": True, "conditions": [{"path": "/a", "verb": "get"}]}, "anonymous.conditions[0].verb: Forbidden"),
    ],
)
def test_wrong_words_are_named(said, why):
    assert why in "; ".join(f"{each.path}: {each.message}" for each in check_anonymous(said))


@pytest.mark.parametrize("said", [None, {}, {"enabled": True}, {"enabled": True, "conditions": [{"path": "/livez"}]}])
def test_right_ones_are_accepted(said):
    assert list(check_anonymous(said)) == []
