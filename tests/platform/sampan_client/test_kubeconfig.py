import pytest

from sampan.errors import ConfigError
from sampan_client import kubeconfig


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "deep" / "config"

    kubeconfig.write(path, server="https://127.0.0.1:6443", ca=b"CA", certificate=b"CRT", key=b"KEY", namespace="x")
    found = kubeconfig.load(path)

    assert (found.server, found.ca, found.certificate, found.key) == ("https://127.0.0.1:6443", b"CA", b"CRT", b"KEY")
    assert found.namespace == "x"
    assert path.stat().st_mode & 0o777 == 0o600


def test_files_are_copied_into_what_is_written(tmp_path):
    for name in ("ca", "crt", "key"):
        (tmp_path / name).write_text(name)
    ca, certificate, key = (str(tmp_path / name) for name in ("ca", "crt", "key"))

    kubeconfig.write(tmp_path / "c", server="https://h", ca_file=ca, certificate_file=certificate, key_file=key)
    found = kubeconfig.load(tmp_path / "c")

    assert (found.ca, found.certificate, found.key) == (b"ca", b"crt", b"key")


def test_files_are_found_beside_the_kubeconfig(tmp_path):
    (tmp_path / "ca.crt").write_bytes(b"CA")
    (tmp_path / "token").write_text("secret\n")
    (tmp_path / "config").write_text(
        "clusters: [{name: c, cluster: {server: 'https://h', certificate-authority: ca.crt}}]\n"
        "users: [{name: u, user: {tokenFile: token}}]\n"
        "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
    )

    found = kubeconfig.load(tmp_path / "config", context="x")

    assert found.ca == b"CA"
    assert found.authorization() == "Bearer secret"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "cannot be parsed"),
        ("[]", "not a mapping"),
        ("current-context: gone", "no entry 'gone' under contexts"),
        ('{"contexts": [{"name": "", "context": {"cluster": "c"}}]}', "no entry 'c' under clusters"),
        (
            '{"contexts": [{"name": "", "context": {"cluster": "c", "user": "u"}}],'
            '"clusters": [{"name": "c", "cluster": {"server": "https://h"}}],'
            '"users": [{"name": "u", "user": {"exec": {}}}]}',
            "not supported",
        ),
    ],
)
def test_an_invalid_file_is_refused_with_the_reason(tmp_path, text, words):
    (tmp_path / "config").write_text(text)

    with pytest.raises(ConfigError, match=words):
        kubeconfig.load(tmp_path / "config")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        kubeconfig.load(tmp_path / "nowhere")


def test_a_pod_finds_its_own_configuration(tmp_path):
    for name, text in (("token", "t"), ("ca.crt", "CA"), ("namespace", "mine")):
        (tmp_path / name).write_text(text)

    found = kubeconfig.in_cluster({"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}, tmp_path)

    assert (found.server, found.namespace, found.authorization()) == ("https://10.96.0.1:443", "mine", "Bearer t")


def test_outside_a_pod_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="not a pod"):
        kubeconfig.in_cluster({}, tmp_path)


def test_a_renewed_certificate_is_taken_from_the_file_once(tmp_path):
    path = tmp_path / "config"
    kubeconfig.write(path, server="https://h", certificate=b"OLD", key=b"K1")
    found = kubeconfig.load(path)
    assert not found.renewed()

    kubeconfig.write(path, server="https://h", certificate=b"NEW", key=b"K2")

    assert found.renewed()
    assert (found.certificate, found.key) == (b"NEW", b"K2")
    assert not found.renewed()


def test_a_file_that_says_the_same_or_nothing_renews_nothing(tmp_path, caplog):
    path = tmp_path / "config"
    kubeconfig.write(path, server="https://h", token="t")
    found = kubeconfig.load(path)
    for change in (
        lambda: kubeconfig.write(path, server="https://h", token="t"),
        lambda: (tmp_path / "draft").write_text("clusters: [") and (tmp_path / "draft").replace(path),
        path.unlink,
    ):
        change()
        assert not found.renewed()

    assert found.token == "t"
    assert "the identity in use is kept" in caplog.text
    assert not kubeconfig.Config("https://h").renewed()
