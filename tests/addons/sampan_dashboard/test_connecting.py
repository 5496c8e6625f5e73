from __future__ import annotations

import json

import pytest

from sampan.errors import BadRequest
from sampan_client.kubeconfig import Config
from sampan_dashboard import connecting

PLACE = connecting.Place("https://127.0.0.1:1")


def test_credentials_travel_whole_and_a_token_file_by_its_content(tmp_path):
    token = tmp_path / "token"
    token.write_text("secret\n")
    config = Config("https://a", ca=b"ca", certificate=b"crt", key=b"key", token_file=str(token), insecure=True)

    found = connecting.from_wire(json.loads(json.dumps(connecting.to_wire(config))))

    assert (found.server, found.ca, found.certificate, found.key) == ("https://a", b"ca", b"crt", b"key")
    assert (found.token, found.token_file, found.insecure) == ("secret", "", True)


@pytest.mark.parametrize("found", [{}, {"server": "a"}, None])
def test_anything_else_is_refused(found):
    wire = connecting.to_wire(Config("https://a"))
    broken = {**wire, "ca": "no base64!"} if found is None else found

    with pytest.raises(BadRequest):
        connecting.from_wire(broken)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ümlaut"])
def test_only_a_word_is_a_token(token):
    with pytest.raises(BadRequest):
        connecting.by_token(PLACE, token)


def test_a_cluster_that_does_not_answer_is_a_connection_error():
    with pytest.raises(ConnectionError):
        connecting.by_token(PLACE, "good")


def test_a_place_has_no_credentials():
    place = connecting.Place.of(Config("https://a", ca=b"ca", token="secret", certificate=b"crt", key=b"key"))

    assert "secret" not in repr(place) and "key" not in repr(place)
