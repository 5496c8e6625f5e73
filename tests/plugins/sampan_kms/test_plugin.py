"""gRPC is loaded only where an endpoint is set."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sampan.contracts.serving import ServerContext
from sampan.errors import ConfigError
from sampan_kms.plugin import Settings, contribute_key_provider_sources, contribute_key_providers


def context(**settings):
    return ServerContext("", Settings(**settings), cluster=None)


def test_there_is_no_provider_without_an_endpoint():
    assert contribute_key_providers(context()) == []


def test_the_provider_is_called_kms(tmp_path):
    (found,) = contribute_key_providers(context(endpoint=f"unix://{tmp_path}/kms.sock"))

    assert found.name == "kms"


def test_grpc_is_not_loaded_with_the_plugin():
    code = "import sys, sampan_kms.plugin; print('grpc' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "False"


def test_a_plugin_that_a_configuration_names_is_reached_at_its_socket(tmp_path):
    (source,) = contribute_key_provider_sources()

    found = source.connect("vault", f"unix://{tmp_path}/kms.sock", 1.5)

    assert (source.name, found.name) == ("kms", "vault")
    with pytest.raises(ConfigError, match="the KMS plugin vault: 'tcp://a' must look like"):
        source.connect("vault", "tcp://a", 1.5)
