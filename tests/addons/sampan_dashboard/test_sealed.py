from __future__ import annotations

import random
from types import SimpleNamespace
from urllib.parse import urlencode

import falcon.testing
import pytest

from sampan.errors import Unauthorized
from sampan_client.kubeconfig import Config
from sampan_dashboard import connecting
from sampan_dashboard.accounts import Account, who_is
from sampan_dashboard.app import new_app
from sampan_dashboard.cookies import MOST, NAME, PART
from sampan_dashboard.oidc import Flow, Provider, RenewedConfig, Tokens
from sampan_dashboard.sealed import AGAIN, SealedSessions, packed, unpacked
from sampan_dashboard.sealing import LEAST, Sealer
from sampan_dashboard.sessions import Times

KEY = "k" * LEAST
PLACE = connecting.Place("https://cluster.example", ca=b"authority")
TIMES = Times(session=1000, idle=200)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Replica:
    """One process of several, with a clock of its own that began at another time."""

    def __init__(self, wall, offset, key=KEY):
        self.sessions = SealedSessions(
            Sealer([key]), PLACE, times=TIMES, clock=lambda: wall() - offset, wall=wall
        )  # fmt: skip
        self.client = falcon.testing.TestClient(new_app(PLACE, self.sessions, links=lambda: ""))

    def get(self, jar, path="/access"):
        return self._kept(jar, self.client.simulate_get(path, headers=self._headers(jar)))

    def post(self, jar, path, **form):
        headers = {**self._headers(jar), **FORM}
        return self._kept(jar, self.client.simulate_post(path, headers=headers, body=urlencode(form)))

    def _headers(self, jar):
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}

    def _kept(self, jar, answer):
        for name, cookie in answer.cookies.items():
            jar[name] = cookie.value
            if not cookie.value:
                del jar[name]
        return answer


@pytest.fixture
def world(cluster, monkeypatch):
    """Two replicas, their common time, and how often the API server was asked who a user is."""
    now, made = [5000.0], []

    def by_config(config):
        if not config.token.startswith("good"):
            raise Unauthorized("the cluster does not know these credentials")
        client = cluster.client_as("ann", "readers")
        made.append(config)
        return Account(client, who_is(client), config=config)

    monkeypatch.setattr(connecting, "by_config", by_config)
    one, other = Replica(lambda: now[0], 10), Replica(lambda: now[0], 3000)
    yield SimpleNamespace(now=now, made=made, one=one, other=other)
    one.sessions.close()
    other.sessions.close()


def signed_in(world, token="good"):
    jar = {}
    assert world.one.post(jar, "/signin", token=token).status_code == 303
    return jar


def csrf_of(answer):
    return answer.text.partition('name="csrf" value="')[2].partition('"')[0]


def test_a_session_that_one_replica_began_is_known_to_another(world):
    jar = signed_in(world)

    pages = [world.other.get(jar), world.other.get(jar), world.one.get(jar)]

    assert [page.status_code for page in pages] == [200] * 3 and "ann" in pages[0].text
    assert len(world.made) == 2, "each replica makes one client of the cookie"
    assert len({csrf_of(page) for page in pages}) == 1
    assert world.other.post(jar, "/preferences", csrf=csrf_of(pages[2]), theme="dark").status_code == 303
    assert "good" not in str(jar)


def test_a_form_needs_the_token_of_the_session_at_each_replica(world):
    assert world.other.post(signed_in(world), "/preferences", csrf="other", theme="dark").status_code == 403


def test_a_replica_with_another_key_asks_for_a_sign_in(world):
    keyed = Replica(lambda: world.now[0], 0, key="x" * LEAST)

    assert keyed.get(signed_in(world)).headers["location"].startswith("/signin")


def test_a_token_that_the_cluster_takes_back_ends_the_session_at_a_replica_that_begins(world, monkeypatch):
    jar = signed_in(world)
    monkeypatch.setattr(connecting, "by_config", lambda config: (_ for _ in ()).throw(Unauthorized("revoked")))

    assert world.other.get(jar).status_code == 303


def test_signing_out_forgets_the_cookie_and_ends_the_session_where_it_was_done(world):
    jar = signed_in(world)
    before = dict(jar)

    answer = world.one.post(jar, "/signout", csrf=csrf_of(world.one.get(jar)))

    assert (answer.headers["location"], jar) == ("/signin", {})
    assert world.one.get(before).status_code == 303


def test_a_session_ends_by_idleness_and_age_wherever_it_is_used(world):
    jar = signed_in(world)
    for replica in (world.one, world.other) * 3:
        world.now[0] += 150
        assert replica.get(jar).status_code == 200
    world.now[0] += 150
    assert world.one.get(jar).status_code == 303, "after 1,000 seconds, though it was in use"

    jar = signed_in(world)
    world.now[0] += 200
    assert world.other.get(jar).status_code == 303


def test_a_cookie_is_written_again_only_when_that_is_due(world):
    jar = signed_in(world)
    first = dict(jar)
    world.one.get(jar)
    assert jar == first

    world.now[0] += min(AGAIN, TIMES.idle / 4)
    world.one.get(jar)
    assert jar != first
    world.now[0] += min(AGAIN, TIMES.idle / 4)
    assert "set-cookie" not in world.one.get(dict(jar), "/static/style.css").headers


def test_long_credentials_take_several_cookies_and_longer_ones_are_refused(world):
    letters = random.Random(7).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=MOST * PART)
    jar = signed_in(world, "good" + "".join(letters[:8000]))

    assert len(jar) > 1 and world.other.get(jar).status_code == 200
    assert world.one.post({}, "/signin", token="good" + "".join(letters) * 2).status_code == 400
    assert world.one.sessions.count() == 1


def test_two_requests_that_bring_a_session_at_once_share_its_account(world):
    record = world.other.sessions._opened(signed_in(world)[NAME])

    one, other = (world.other.sessions._restored(record) for _ in range(2))

    assert one is other and world.other.sessions.count() == 1


def test_only_what_differs_from_the_place_is_kept():
    config = Config(PLACE.server, ca=PLACE.ca, certificate=b"cert", key=b"key", namespace="mine")

    found = packed(PLACE, config)

    assert found.keys() == {"certificate", "key", "namespace"}
    assert unpacked(PLACE, None, found) == config
    with pytest.raises(ValueError, match="in process"):
        packed(PLACE, None)


def test_renewed_tokens_of_another_replica_are_taken_and_older_ones_are_not():
    flow = Flow(Provider("https://issuer.example", "ui"), lambda *given: {}, wall=lambda: 0.0)
    config = unpacked(PLACE, flow, {"token": "first", "refresh": "r1", "expires": 100.0})
    assert isinstance(config, RenewedConfig) and config.authorization() == "Bearer first"

    config.take(Tokens("second", "r2", 200.0))
    config.take(Tokens("third", "r3", 150.0))

    assert packed(PLACE, config) == {"token": "second", "refresh": "r2", "expires": 200.0}
    assert config.authorization() == "Bearer second"
    assert not isinstance(unpacked(PLACE, None, packed(PLACE, config) | {"token": "x"}), RenewedConfig)
