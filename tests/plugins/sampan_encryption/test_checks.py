import base64

import pytest

from sampan_encryption.checks import findings
from sampan_encryption.settings import Settings
from sampan_pki.key_file import NAME, KeyFile


def told(tmp_path, *, starting=False, **settings):
    return [(each.grade, each.text) for each in findings(str(tmp_path), Settings(**settings), starting=starting)]


@pytest.fixture
def file(tmp_path):
    file = KeyFile(tmp_path / NAME)
    file.create()
    return file


def test_the_key_that_encrypts_is_named(tmp_path, file):
    name = file.keys().current.name

    assert told(tmp_path) == [("ok", f"Secrets are encrypted at rest by {name} of {file.path}")]


def test_a_file_that_others_may_read_is_bad(tmp_path, file):
    file.path.chmod(0o644)

    assert told(tmp_path)[1] == ("bad", f"others may read {file.path} (mode 644): chmod 600 {file.path}")


def test_a_cluster_of_the_time_before_is_told_the_way(tmp_path):
    (found,) = told(tmp_path)

    assert found[0] == "note" and "`sampan secrets rotate` makes a key" in found[1]
    assert told(tmp_path, starting=True) == []


def test_a_damaged_file_is_bad(tmp_path):
    (tmp_path / NAME).write_text("odd")

    assert told(tmp_path)[0][0] == "bad"


def test_what_the_settings_say_is_told(tmp_path):
    assert told(tmp_path, enabled=False)[0] == (
        "note",
        "Secrets are written in the clear: plugins.encryption.enabled is false",
    )
    assert told(tmp_path, provider="vault") == [("ok", "Secrets are encrypted at rest by the key provider vault")]


def section(resources, provider):
    head = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
    return f"{head}- resources: [{resources}]\n  providers: [{provider}]\n"


def of_configuration(tmp_path, text):
    path = tmp_path / "enc.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path, [each[1].replace(str(path), "FILE") for each in told(tmp_path, configuration=str(path))]


def test_an_encryption_configuration_is_told_section_by_section(tmp_path, file):
    aes = f"{{aescbc: {{keys: [{{name: one, secret: {base64.b64encode(b'k' * 32).decode()}}}]}}}}"
    path, found = of_configuration(tmp_path, section("secrets, '*.apps'", aes))
    assert found == ["secrets, *.apps are encrypted at rest by aescbc with the key one, of FILE"]
    path.chmod(0o644)
    assert told(tmp_path, configuration=str(path))[1] == (
        "bad",
        f"others may read the keys in {path} (mode 644): chmod 600 {path}",
    )

    path, found = of_configuration(tmp_path, section("secrets", "{identity: {}}"))
    assert found == ["secrets are written in the clear: identity is their first provider in FILE"]

    kms = "{kms: {apiVersion: v2, name: vault, endpoint: 'unix:///run/kms.sock'}}"
    path, found = of_configuration(tmp_path, section("configmaps", kms))
    assert found[0] == "configmaps are encrypted at rest by the KMS plugin vault, of FILE"
    assert found[1].startswith("Secrets are encrypted at rest by key-")


def test_an_encryption_configuration_that_is_wrong_is_bad(tmp_path):
    path, found = of_configuration(tmp_path, section("Secrets", "{identity: {}}"))

    assert told(tmp_path, configuration=str(path))[0][0] == "bad"
    assert found[0].startswith(
        "no API server starts: plugins.encryption.configuration: FILE: resources[0].resources[0]"
    )
