from sampan.contracts.access import Credentials
from sampan_auth.anonymous import AnonymousRule


def admitted(rule, *paths):
    return [path for path in paths if rule.admits_anonymous(path)]


def test_exactly_the_paths_named_are_open():
    rule = AnonymousRule(enabled=True, paths=["/livez", "/readyz"])

    assert admitted(rule, "/livez", "/livez/ping", "/readyz", "/version", "/api") == ["/livez", "/readyz"]
    assert rule.authenticate(Credentials({}, None, "")) is None


def test_without_conditions_all_paths_are_open_or_none():
    assert admitted(AnonymousRule(enabled=True, paths=None), "/api", "/livez") == ["/api", "/livez"]
    assert admitted(AnonymousRule(enabled=False, paths=None), "/api", "/livez") == []
