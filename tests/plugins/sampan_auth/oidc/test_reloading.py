from __future__ import annotations

import os
import threading

import pytest

from sampan.errors import ConfigError, Unauthorized
from sampan_auth.oidc.configuration import read_configuration
from sampan_auth.oidc.providers import ProviderKeys, fetch
from sampan_auth.oidc.reloading import ConfigurationFile

NEVER = threading.Event()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "authentication.yaml"


@pytest.fixture
def write(path, text_of, authenticator_of, local_issuer):
    """Let the file name the issuer with this prefix of names."""

    def to(prefix, **issuer):
        mappings = {"username": {"claim": "sub", "prefix": prefix}}
        authority = {"certificateAuthority": local_issuer.authority, **issuer}
        text = text_of(authenticator_of(local_issuer.url, issuer=authority, mappings=mappings))
        fresh = path.with_suffix(".new")
        fresh.write_bytes(text)
        os.replace(fresh, path)  # another inode: nothing depends on how fine the clock of the file system is

    return to


@pytest.fixture
def file(path, write):
    write("one:")
    found = ConfigurationFile(
        path,
        lambda text: read_configuration(text, "auth.yaml", []),
        lambda issuer: ProviderKeys(issuer, fetch),
        lambda: 1000.0,
    )
    found.turn(NEVER)
    return found


def test_what_the_file_says_now_counts_and_what_was_remembered_does_not(file, write, local_issuer):
    token = local_issuer.token()
    assert file.tokens.verify(token).name == "one:jane"

    write("two:")
    file.turn(NEVER)

    assert file.tokens.verify(token).name == "two:jane"
    assert file.reloads == {"success": 1, "failure": 0} and file.reloaded_at == {"success": 1000.0}


def test_a_wrong_file_is_logged_one_time_and_changes_nothing(file, path, local_issuer, caplog):
    path.write_text("kind: Nothing")
    for _ in range(3):
        file.turn(NEVER)

    assert file.tokens.verify(local_issuer.token()).name == "one:jane"
    assert file.reloads["failure"] == 1
    assert len([each for each in caplog.records if "is not taken over" in each.message]) == 1


def test_a_file_that_is_gone_changes_nothing_until_it_is_back(file, path, write, local_issuer):
    path.unlink()
    file.turn(NEVER)
    assert file.tokens.verify(local_issuer.token()).name == "one:jane" and file.reloads["failure"] == 1

    write("two:")
    file.turn(NEVER)

    assert file.tokens.verify(local_issuer.token()).name == "two:jane"


def test_a_new_issuer_counts_when_its_keys_are_there(file, write, local_issuer):
    write("two:", discoveryURL=f"{local_issuer.url}/nowhere")
    document = local_issuer.answer
    local_issuer.answer = lambda path: {} if path == "/nowhere" else document(path)
    file.turn(NEVER)
    assert file.tokens.verify(local_issuer.token()).name == "one:jane" and file.reloads["success"] == 0

    local_issuer.answer = document
    write("three:")
    file.turn(NEVER)

    assert file.tokens.verify(local_issuer.token()).name == "three:jane"


def test_an_issuer_that_is_taken_out_is_unknown(file, path, text_of, local_issuer):
    token = local_issuer.token()
    assert file.tokens.verify(token) is not None

    path.write_bytes(text_of())
    file.turn(NEVER)

    assert file.tokens.verify(token) is None


def test_the_same_text_again_is_no_change(file, path):
    os.utime(path, ns=(1, 1))
    file.turn(NEVER)

    assert file.reloads == {"success": 0, "failure": 0}


def test_keys_are_fetched_and_the_file_followed_until_the_server_ends(file, write, local_issuer):
    stop = threading.Event()
    thread = threading.Thread(target=file.run, args=(stop,))
    write("two:")
    thread.start()
    try:
        while file.reloads["success"] == 0:
            assert not stop.wait(0.01)
    finally:
        stop.set()
        thread.join()

    assert file.tokens.verify(local_issuer.token()).name == "two:jane"


def test_a_server_does_not_start_without_its_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        ConfigurationFile(tmp_path / "none", lambda text: [], lambda issuer: None)


def test_a_token_with_a_wrong_signature_is_refused_after_a_reload_too(file, write, local_issuer):
    write("two:")
    file.turn(NEVER)
    head, body, _ = local_issuer.token().split(".")

    with pytest.raises(Unauthorized):
        file.tokens.verify(f"{head}.{body}.AAAA")


def test_who_may_be_anonymous_is_as_it_was_at_the_start(file, path, text_of, caplog):
    path.write_bytes(text_of(anonymous={"enabled": False}))

    file.turn(NEVER)

    assert file.anonymous is None and file.reloads == {"success": 0, "failure": 1}
    assert "changed from initial configuration file" in caplog.text
