from dataclasses import replace

from sampan_dra.prepared import GivenDevice, PreparedClaim, PreparedClaims

DEVICES = (GivenDevice(("gpu",), ("a/b=1",)), GivenDevice((), ("a/b=2",)), GivenDevice(("other",), ("a/b=3",)))
CLAIM = PreparedClaim("u", "ns", "mine", ("d",), frozenset({"p", "q"}), DEVICES, done=True)


def test_a_request_gets_its_devices_and_those_of_all():
    assert list(CLAIM.names_for("gpu")) == ["a/b=1", "a/b=2"]
    assert list(CLAIM.names_for("")) == ["a/b=1", "a/b=2", "a/b=3"]


def test_what_is_prepared_outlives_the_agent(tmp_path):
    claims = PreparedClaims(tmp_path / "devices" / "claims.json")
    claims.put(CLAIM)
    assert claims.let_go("u", "p") == replace(CLAIM, pods=frozenset({"q"}))
    assert claims.let_go("unknown", "p") is None

    again = PreparedClaims(tmp_path / "devices" / "claims.json")

    assert again.get("u") == replace(CLAIM, pods=frozenset({"q"}))
    assert again.named("ns", "mine") == again.of_pod("q")[0] and not again.of_pod("p")
    again.remove("u")
    assert PreparedClaims(tmp_path / "devices" / "claims.json").get("u") is None
