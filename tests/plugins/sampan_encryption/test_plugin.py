"""Secrets in a whole API server, and what its store holds."""

import base64
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sampan.contracts.access import Decision, User
from sampan.contracts.options import ClusterOptions
from sampan.contracts.store import Put, Unavailable, Unusable
from sampan.contracts.transforming import WrappedKey
from sampan.errors import ConfigError, PluginError
from sampan.hookspecs import hookimpl
from sampan_client import Client
from sampan_encryption.commands import covered, next_key, rewrite
from sampan_encryption.configured import read
from sampan_machinery.resources import CONFIG_MAPS, SECRETS
from sampan_memory.store import MemoryStore
from sampan_pki.key_file import NAME, KeyFile, parse
from sampan_server.app import new_app
from sampan_server.plugins.plugins import Plugins

PLAIN = base64.b64encode(b"very secret").decode()
KEY = "/core/secrets/default/a"
SECRET = {"metadata": {"name": "a", "namespace": "default"}, "data": {"a": PLAIN}}


class Open:
    """Everybody may do everything."""

    name = "open"

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    def authorize(self, asked):
        return Decision.ALLOW, ""


class Server:
    """An API server over a store that outlives it."""

    def __init__(self, tmp_path, store=None, extra=None, *, new=True, **settings):
        self.path = tmp_path / NAME
        if new:
            KeyFile(self.path).create()
        self.store = store or MemoryStore()
        points = [each for each in entry_points(group="sampan.plugins") if each.name in ("config", "encryption")]
        plugins = Plugins(
            entry_points=points, extra={"open": Open(), **(extra or {})}, settings={"encryption": settings}
        )
        self.app = new_app(plugins, store=self.store, options=ClusterOptions(pki=str(tmp_path)))
        self.client = Client.in_process(self.app.wsgi, User("admin", ()))

    def stored(self):
        return self.store.get(KEY).value


@pytest.fixture
def server(tmp_path):
    servers = []

    def server(*args, **settings):
        servers.append(Server(tmp_path, *args, **settings))
        return servers[-1]

    yield server
    for each in servers:
        each.app.close()


def test_a_new_cluster_encrypts_secrets_and_nothing_else(server):
    one = server()
    one.client.create(SECRETS, SECRET)
    one.client.create(CONFIG_MAPS, {**SECRET, "data": {"a": "plain text"}})

    assert one.stored().startswith(b"sampan:aesgcm:v1:") and PLAIN.encode() not in one.stored()
    assert b"plain text" in one.store.get("/core/configmaps/default/a").value
    assert one.client.get(SECRETS, "a", "default")["data"] == {"a": PLAIN}
    assert one.client.list(SECRETS, "default").items[0]["data"] == {"a": PLAIN}


def test_another_server_with_the_file_reads_it(server):
    one = server()
    one.client.create(SECRETS, SECRET)

    two = server(one.store)

    assert two.client.get(SECRETS, "a", "default")["data"] == {"a": PLAIN}


def test_a_server_without_the_file_does_not_start(server):
    one = server()
    one.client.create(SECRETS, SECRET)
    one.path.unlink()

    with pytest.raises(Unusable, match="copy that file from another API server"):
        server(one.store, new=False)


def test_a_rotation_stores_everything_by_the_new_key(server):
    one = server()
    made = one.client.create(SECRETS, SECRET)
    before = parse(one.path.read_text()).current.name
    assert rewrite(one.client) == 1
    assert one.client.get(SECRETS, "a", "default")["metadata"] == made["metadata"]  # nothing to be done

    name = next_key(one.path, prepare=False)
    assert rewrite(one.client) == 1

    assert name != before
    assert one.stored().startswith(f"sampan:aesgcm:v1:{name}:".encode())
    after = one.client.get(SECRETS, "a", "default")
    assert after["data"] == {"a": PLAIN}
    assert after["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]


def test_a_cluster_of_the_time_before_is_encrypted_by_its_first_rotation(server):
    clear = server(new=False)
    clear.client.create(SECRETS, SECRET)
    assert clear.stored().startswith(b"{")

    next_key(clear.path, prepare=False)
    rewrite(clear.client)

    assert clear.stored().startswith(b"sampan:aesgcm:v1:")


def test_a_secret_that_was_copied_to_another_name_is_not_served(server):
    one = server()
    one.client.create(SECRETS, SECRET)
    one.store.commit(Put("/core/secrets/other/a", one.stored()))

    with pytest.raises(Unusable, match="cannot be decrypted"):
        server(one.store)


class Vault:
    """A third-party plugin with a key provider."""

    def __init__(self):
        self.broken = False

    @hookimpl
    def contribute_key_providers(self):
        return [self]

    name = "vault"

    def key_id(self):
        return "1"

    def encrypt(self, data_key):
        return None if self.broken else WrappedKey(data_key[::-1], "1")

    def decrypt(self, wrapped):
        return wrapped.ciphertext[::-1]


def test_a_key_provider_of_another_plugin_encrypts(server):
    one = server(None, {"vault": Vault()}, provider="vault")
    one.client.create(SECRETS, SECRET)

    assert one.stored().startswith(b"sampan:kms:v1:vault:") and PLAIN.encode() not in one.stored()
    two = server(one.store, {"vault": Vault()}, provider="vault")
    assert two.client.get(SECRETS, "a", "default")["data"] == {"a": PLAIN}


def test_a_key_provider_that_answers_nonsense_stops_the_start(server):
    vault = Vault()
    vault.broken = True

    with pytest.raises(Unavailable, match="the key provider vault cannot be used"):
        server(None, {"vault": vault}, provider="vault")


def test_what_is_no_key_provider_is_refused(server):
    class Odd:
        @hookimpl
        def contribute_key_providers(self):
            return ["vault"]

    with pytest.raises(PluginError, match="has no name"):
        server(None, {"odd": Odd()})


CONFIGURATION = """\
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, configmaps]
  providers: [{{aescbc: {{keys: [{keys}]}}}}, {{identity: {{}}}}]
"""


def configuration(tmp_path, *names):
    keys = ", ".join(f"{{name: {name}, secret: {base64.b64encode(name[:1].encode() * 32).decode()}}}" for name in names)
    path = tmp_path / "enc.yaml"
    fresh = path.with_suffix(".new")
    fresh.write_text(CONFIGURATION.format(keys=keys))
    fresh.replace(path)
    return str(path)


def test_a_configuration_says_what_is_encrypted_and_a_rotation_follows_it(server, tmp_path):
    one = server(configuration=configuration(tmp_path, "first"))
    one.client.create(SECRETS, SECRET)
    one.client.create(CONFIG_MAPS, {**SECRET, "data": {"a": "plain text"}})

    def stored():
        return [one.store.get(KEY.replace("secrets", plural)).value for plural in ("secrets", "configmaps")]

    assert all(value.startswith(b"k8s:enc:aescbc:v1:first:") for value in stored())
    assert one.client.get(CONFIG_MAPS, "a", "default")["data"] == {"a": "plain text"}
    sections = read(Path(configuration(tmp_path, "second", "first")))
    resources = covered(one.client, sections)
    assert [each.plural for each in resources] == ["secrets", "configmaps"]
    rewrite(one.client, resources)
    assert all(value.startswith(b"k8s:enc:aescbc:v1:second:") for value in stored())
    before = stored()
    rewrite(one.client, resources)
    assert stored() == before


def test_a_cluster_moves_from_the_key_file_to_a_configuration(server, tmp_path):
    one = server()
    one.client.create(SECRETS, SECRET)

    two = server(one.store, configuration=configuration(tmp_path, "first"))
    assert two.client.get(SECRETS, "a", "default")["data"] == {"a": PLAIN}
    rewrite(two.client)

    assert two.stored().startswith(b"k8s:enc:aescbc:v1:first:")


def test_a_wrong_configuration_stops_the_start(server, tmp_path):
    path = tmp_path / "enc.yaml"
    path.write_text("kind: EncryptionConfiguration")

    with pytest.raises(
        ConfigError, match=r"plugins\.encryption\.configuration: .*enc\.yaml: apiVersion: Invalid value"
    ):
        server(configuration=str(path))
