import json
import sys

import pytest

from sampan_node.credentials import exchange
from sampan_node.credentials.config import V1, Provider
from sampan_node.credentials.exchange import Answer, PluginFailure, answer_of, ask

PROVIDER = Provider(name="plugin", apiVersion=V1, args=("get",), env=({"name": "REGION", "value": "north"},))
ANSWER = {
    "kind": "CredentialProviderResponse", "apiVersion": V1, "cacheKeyType": "Registry", "cacheDuration": "1m30s",
    "auth": {"registry.example": {"username": "u", "password": "p"}},
}  # fmt: skip


@pytest.fixture
def program(tmp_path):
    """program(text): a plugin, as Python text."""

    def write(text):
        file = tmp_path / "plugin"
        file.write_text(f"#!{sys.executable} -S\nimport json, os, sys\n{text}\n")
        file.chmod(0o700)
        return tmp_path

    return write


def test_a_program_is_asked_by_its_input_and_answers_by_its_output(program):
    folder = program(
        "asked = json.load(sys.stdin)\n"
        "words = [*sys.argv[1:], os.environ['REGION'], asked['image'], asked['serviceAccountToken']]\n"
        f"answer = json.loads({json.dumps(ANSWER)!r})\n"
        "answer['auth'] = {'registry.example': {'username': ' '.join(words), 'password': str(asked)}}\n"
        "print(json.dumps(answer))"
    )

    found = ask(PROVIDER, folder, "registry.example/app", "token", {"a": "b"})

    assert found[:2] == ("Registry", 90.0)
    entry = found.auth["registry.example"]
    assert entry["username"] == "get north registry.example/app token"
    assert "'kind': 'CredentialProviderRequest'" in entry["password"] and "{'a': 'b'}" in entry["password"]


def test_a_program_that_fails_says_why(program):
    with pytest.raises(PluginFailure, match="plugin for image i: ended with code 3: not logged in"):
        ask(PROVIDER, program("sys.exit(print('not logged in', file=sys.stderr) or 3)"), "i", "", {})


def test_a_program_that_does_not_answer_is_not_waited_for_for_ever(program, monkeypatch):
    monkeypatch.setattr(exchange, "TIMEOUT", 0.01)
    with pytest.raises(PluginFailure, match="no answer within"):
        ask(PROVIDER, program("import time; time.sleep(1000)"), "i", "", {})


def test_a_program_that_is_not_there_is_a_failure(tmp_path):
    with pytest.raises(PluginFailure, match="No such file"):
        ask(PROVIDER, tmp_path, "i", "", {})


def test_an_answer_without_a_time_is_kept_as_long_as_the_configuration_says():
    text = json.dumps({key: value for key, value in ANSWER.items() if key != "cacheDuration"}).encode()

    assert answer_of(text, PROVIDER, "x") == Answer("Registry", None, ANSWER["auth"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"apiVersion": "v9"}, "answered with v9 CredentialProviderResponse"),
        ({"kind": "Other"}, "answered with"),
        ({"cacheKeyType": "Pod"}, "cacheKeyType must be one of Image, Registry, Global"),
        ({"cacheDuration": "long"}, "its answer is no CredentialProviderResponse"),
        ({"auth": {"registry.example": "secret"}}, "its answer is no CredentialProviderResponse"),
        ({"auth": ["secret"]}, "its answer is no CredentialProviderResponse"),
    ],
)
def test_an_answer_that_is_none_is_refused_without_its_text(change, said):
    with pytest.raises(PluginFailure) as failed:
        answer_of(json.dumps({**ANSWER, **change}).encode(), PROVIDER, "x")

    assert said in str(failed.value) and "secret" not in str(failed.value)


@pytest.mark.parametrize("text", [b"", b"secret", b"[]"])
def test_an_answer_that_is_no_json_object_is_refused(text):
    with pytest.raises(PluginFailure):
        answer_of(text, PROVIDER, "x")
