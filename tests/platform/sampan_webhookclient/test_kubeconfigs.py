"""A kubeconfig names a webhook's server, its authority, and who calls it."""

import pytest

from sampan.errors import ConfigError
from sampan_client import kubeconfig
from sampan_webhookclient.destinations import Trust
from sampan_webhookclient.kubeconfigs import ConfiguredServer


def test_the_server_its_authority_and_the_callers_credentials(tmp_path):
    file = tmp_path / "webhook.yaml"
    kubeconfig.write(
        file, server="https://hook.test:8443/check", ca=b"CA", certificate=b"CERT", key=b"KEY", token="t"
    )  # fmt: skip

    found = ConfiguredServer(file)
    call = found.call(b"{}", 5)

    assert call.destination.addresses == (("hook.test", 8443),)
    assert (call.destination.path, call.destination.server_name) == ("/check", "hook.test")
    assert call.destination.trust == Trust("CA", False, "CERT", "KEY")
    assert (call.headers, call.seconds) == ({"Authorization": "Bearer t"}, 5)


def test_a_file_that_cannot_be_used_is_told(tmp_path):
    file = tmp_path / "webhook.yaml"
    kubeconfig.write(file, server="nonsense")

    with pytest.raises(ConfigError, match="unable to parse URL"):
        ConfiguredServer(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        ConfiguredServer(tmp_path / "missing.yaml")


def test_no_credentials_are_none(tmp_path):
    file = tmp_path / "webhook.yaml"
    kubeconfig.write(file, server="http://127.0.0.1:8080")

    assert ConfiguredServer(file).call(b"", 1).headers == {}
    assert ConfiguredServer(file).destination.plain
