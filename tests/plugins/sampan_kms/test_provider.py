"""A KMS v2 plugin on a real socket, over gRPC."""

from __future__ import annotations

from concurrent import futures

import grpc
import pytest

from sampan.contracts.store import Unavailable
from sampan.contracts.transforming import WrappedKey
from sampan.errors import ConfigError
from sampan_encryption.envelopes import ProviderCipher
from sampan_kms import messages
from sampan_kms.provider import KmsProvider, caller
from sampan_machinery.resources import SECRETS
from sampan_testing.cluster import start


class KmsPlugin(grpc.GenericRpcHandler):
    """Encrypts by an exclusive or with its key's number, and wants an annotation back."""

    def __init__(self):
        self.key, self.healthz, self.asked = 1, "ok", []

    def service(self, details):
        method = details.method.rpartition("/")[2]
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self.answer(method, request))

    def answer(self, method, request):
        self.asked.append(method)
        fields = messages._fields(request)
        if method == "Status":
            return b"".join(
                messages._field(place, text.encode())
                for place, text in ((1, "v2"), (2, self.healthz), (3, f"key-{self.key}"))
            )
        if method == "Encrypt":
            hidden = bytes(byte ^ self.key for byte in dict(fields)[1])
            entry = messages._field(1, b"version.test") + messages._field(2, bytes([self.key]))
            return (
                messages._field(1, hidden) + messages._field(2, f"key-{self.key}".encode()) + messages._field(3, entry)
            )
        found = dict(fields)
        key = dict(messages._fields(found[4]))[2][0]
        assert found[3] == f"key-{key}".encode()
        return messages._field(1, bytes(byte ^ key for byte in found[1]))


@pytest.fixture
def plugin(tmp_path):
    found = KmsPlugin()
    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=(found,))
    found.endpoint = f"unix://{tmp_path}/kms.sock"
    server.add_insecure_port(f"unix:{tmp_path}/kms.sock")
    server.start()
    yield found
    server.stop(None).wait()


@pytest.fixture
def provider(plugin):
    return KmsProvider(caller(plugin.endpoint))


def test_data_keys_go_there_and_back_with_their_annotations(plugin, provider):
    wrapped = provider.encrypt(b"secret data key")

    assert wrapped.key_id == provider.key_id() == "key-1"
    assert wrapped.ciphertext != b"secret data key" and wrapped.annotations == {"version.test": b"\x01"}
    plugin.key = 2
    assert provider.decrypt(wrapped) == b"secret data key"
    assert provider.key_id() == "key-2"


def test_values_that_an_older_key_has_sealed_are_opened(plugin, provider):
    before = ProviderCipher(provider)
    before.prepare()
    sealed = before.seal("/secrets/a", b"value")
    plugin.key = 2

    after = ProviderCipher(provider)
    after.prepare()

    assert after.open("/secrets/a", sealed) == b"value"
    assert (after.tag(sealed), after.current()) == ("kms/key-1", "kms/key-2")


def test_a_plugin_that_is_not_well_is_said(plugin, provider):
    plugin.healthz = "no token"

    with pytest.raises(ValueError, match="it is not well: 'no token'"):
        provider.key_id()


def test_a_plugin_that_is_not_there_is_unavailable(tmp_path):
    cipher = ProviderCipher(KmsProvider(caller(f"unix://{tmp_path}/none.sock", 0.2)))

    with pytest.raises(Unavailable, match=r"Encrypt at unix://.*none\.sock: "):
        cipher.prepare()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (messages._field(2, b"k"), "an encrypted key of 0 bytes"),
        (messages._field(1, b"x" * 1025) + messages._field(2, b"k"), "an encrypted key of 1025 bytes"),
        (messages._field(1, b"x"), "an id of 0 bytes"),
        (
            messages._field(1, b"x") + messages._field(2, b"k") + messages._field(3, messages._field(2, b"y" * 40_000)),
            "annotations of 40000 bytes",
        ),
    ],
)
def test_answers_beyond_upstreams_limits_are_refused(answer, said):
    with pytest.raises(ValueError, match=said):
        KmsProvider(lambda method, request: answer).encrypt(b"key")


@pytest.mark.parametrize("endpoint", ["/run/kms.sock", "https://kms.example", "unix://kms.sock"])
def test_an_endpoint_is_a_unix_socket(endpoint):
    with pytest.raises(ConfigError, match=r"must look like unix:///run/kms\.sock"):
        caller(endpoint)


def test_what_was_wrapped_without_annotations_is_still_read():
    asked = []
    provider = KmsProvider(lambda method, request: asked.append(request) or messages._field(1, b"key"))

    assert provider.decrypt(WrappedKey(b"c", "k")) == b"key"
    assert b"\x22" not in asked[0]


def test_a_cluster_encrypts_its_secrets_by_the_plugin(plugin):
    settings = {"encryption": {"provider": "kms"}, "kms": {"endpoint": plugin.endpoint}}
    with start(only=("config", "encryption", "kms", "namespaces"), control=False, settings=settings) as cluster:
        cluster.client.create(SECRETS, {"metadata": {"name": "s"}, "stringData": {"k": "hidden"}}, "default")

        assert cluster.client.get(SECRETS, "s", "default")["data"] == {"k": "aGlkZGVu"}
        assert plugin.asked.count("Encrypt") == 1
