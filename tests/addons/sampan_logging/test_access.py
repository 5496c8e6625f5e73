from __future__ import annotations

import base64

import pytest

from sampan.errors import ConfigError, NotFound
from sampan_logging.access import gather
from sampan_logging.settings import Settings


class FakeClient:
    def __init__(self, data=None):
        self.data = data

    def get(self, resource, name, namespace):
        if self.data is None:
            raise NotFound(f"secrets {namespace}/{name} not found")
        return {"data": {key: base64.b64encode(value.encode()).decode() for key, value in self.data.items()}}


def test_a_secret_opens_it():
    client = FakeClient({"username": "u", "password": "p\n", "ca.crt": "PEM"})

    found = gather(Settings(secret="kube-system/sampan-logging"), client)

    assert (found.user, found.password, found.ca) == ("u", "p", "PEM")


def test_files_count_before_it(tmp_path):
    (tmp_path / "key").write_text("mine\n")

    found = gather(Settings(secret="a/b", api_key_file=str(tmp_path / "key")), FakeClient({"apiKey": "theirs"}))

    assert found.api_key == "mine"


@pytest.mark.parametrize(
    ("settings", "client", "words"),
    [
        (Settings(secret="nonsense"), FakeClient({}), "NAMESPACE/NAME"),
        (Settings(secret="a/b"), None, "not known here"),
        (Settings(secret="a/b"), FakeClient(), "not found"),
        (Settings(password_file="/nowhere/at/all"), None, "cannot be read"),
    ],
)
def test_what_is_missing_is_said(settings, client, words):
    with pytest.raises(ConfigError, match=words):
        gather(settings, client)
