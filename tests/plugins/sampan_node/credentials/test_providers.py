import threading

import pytest

from sampan.errors import ConfigError, NotFound
from sampan_node.credentials.config import V1, Provider
from sampan_node.credentials.exchange import Answer, PluginFailure
from sampan_node.credentials.providers import Accounts, CredentialProviders

POD = {"metadata": {"namespace": "team", "name": "web", "uid": "u1"}, "spec": {"serviceAccountName": "builder"}}
PLAIN = Provider(
    name="plain", apiVersion=V1, matchImages=("*.registry.example", "docker.io"), defaultCacheDuration="1m"
)
AUTH = {"*.registry.example": {"username": "u", "password": "p"}, "docker.io": {"username": "hub", "password": "h"}}
FOUND = {"username": "u", "password": "p", "serveraddress": "a.registry.example"}


def with_tokens(cache, **more):
    tokens = {
        "serviceAccountTokenAudience": "reg", "requireServiceAccount": True, "cacheType": cache,
        "requiredServiceAccountAnnotationKeys": ["role"], "optionalServiceAccountAnnotationKeys": ["zone"],
    }  # fmt: skip
    if not more.get("requireServiceAccount", True):
        tokens.pop("requiredServiceAccountAnnotationKeys")
    return Provider(
        name="tokens", apiVersion=V1, matchImages=("*.registry.example",), defaultCacheDuration="1m",
        tokenAttributes={**tokens, **more},
    )  # fmt: skip


class Node:
    """Providers whose programs answer with what the test sets; counts what they are asked."""

    def __init__(self, *providers, cache_key="Image", seconds=None):
        self.answer, self.asked, self.now = Answer(cache_key, seconds, AUTH), [], 0.0
        self.account = {"metadata": {"uid": "s1", "annotations": {"role": "pull", "other": "x"}}}
        self.token = "token-1"
        accounts = Accounts(self.get_account, lambda pod, audience: f"{audience} {self.token}")
        self.providers = CredentialProviders(providers, None, accounts, ask=self.ask, clock=lambda: self.now)

    def get_account(self, namespace, name):
        assert (namespace, name) == ("team", "builder")
        if self.account is None:
            raise NotFound("builder")
        return self.account

    def ask(self, provider, folder, image, token, annotations):
        self.asked.append((provider.name, image, token, annotations))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def pull(self, image="a.registry.example/app:1", pod=POD):
        return self.providers.credentials(pod, image)


def test_a_program_is_asked_for_images_that_it_is_for_by_the_name_without_tag():
    node = Node(PLAIN)

    assert node.pull("a.registry.example/app:1@sha256:0") == [FOUND]
    assert node.pull("other.example/app") == []
    assert node.asked == [("plain", "a.registry.example/app", "", {})]


def test_an_image_of_the_hub_is_asked_for_by_its_whole_name():
    node = Node(PLAIN)

    assert node.pull("busybox") == [{"username": "hub", "password": "h", "serveraddress": "docker.io"}]
    assert node.asked[0][1] == "docker.io/library/busybox"


@pytest.mark.parametrize(
    ("cache_key", "asked"), [("Image", 3), ("Registry", 2), ("Global", 1)]
)  # fmt: skip
def test_an_answer_is_kept_for_what_it_says_it_is_for(cache_key, asked):
    node = Node(PLAIN, cache_key=cache_key)
    for image in ("a.registry.example/app", "a.registry.example/app", "a.registry.example/b", "c.registry.example/app"):
        assert node.pull(image)

    assert len(node.asked) == asked


@pytest.mark.parametrize(("seconds", "kept"), [(None, 60.0), (5.0, 5.0), (0.0, -1.0)])
def test_an_answer_is_kept_as_long_as_it_says_or_the_configuration(seconds, kept):
    node = Node(PLAIN, seconds=seconds)
    node.pull()
    node.now = max(kept, 0.0)
    node.pull()
    assert len(node.asked) == (1 if kept >= 0 else 2)

    node.now = kept + 1
    node.pull()
    assert len(node.asked) == (2 if kept >= 0 else 3)


def test_a_program_that_fails_keeps_no_other_from_being_asked(caplog):
    node = Node(PLAIN)
    node.answer = PluginFailure("not logged in")

    assert node.pull() == []
    assert "no credentials for image a.registry.example/app:1 from plain: not logged in" in caplog.text


def test_a_program_gets_a_token_of_the_pod_s_service_account_and_the_annotations_it_wants():
    node = Node(with_tokens("ServiceAccount"))

    assert node.pull() == [FOUND]
    assert node.asked == [("tokens", "a.registry.example/app", "reg token-1", {"role": "pull"})]


@pytest.mark.parametrize(("cache", "asked"), [("ServiceAccount", 1), ("Token", 2)])
def test_answers_are_kept_by_service_account_or_by_token(cache, asked):
    node = Node(with_tokens(cache))
    node.pull()
    node.token = "token-2"
    node.pull()
    assert len(node.asked) == asked

    node.account["metadata"]["uid"] = "s2"
    node.pull()
    assert len(node.asked) == asked + 1


def test_a_workload_without_the_annotation_does_not_take_part(caplog):
    node = Node(with_tokens("Token"))
    node.account["metadata"]["annotations"] = {}

    assert node.pull() == [] == node.asked
    assert caplog.text == ""


@pytest.mark.parametrize(("required", "asked"), [(True, 0), (False, 1)])
def test_a_pod_without_a_service_account_takes_part_where_none_is_required(required, asked):
    node = Node(with_tokens("Token", requireServiceAccount=required))
    node.pull(pod={**POD, "spec": {}})

    assert [token for *_, token, _ in node.asked] == [""] * asked


def test_a_service_account_that_is_gone_is_logged(caplog):
    node = Node(with_tokens("Token"))
    node.account = None

    assert node.pull() == []
    assert "no credentials for image" in caplog.text


@pytest.mark.parametrize(("cache", "given"), [("ServiceAccount", False), ("Token", True)])
def test_a_token_is_a_password_only_where_answers_are_kept_by_token(cache, given):
    node = Node(with_tokens(cache))
    node.answer = Answer("Image", None, {"a.registry.example": {"username": "u", "password": "reg token-1"}})

    assert bool(node.pull()) is given


def test_pods_that_want_the_same_at_once_wait_for_one_answer():
    node = Node(PLAIN)
    answer, begun, release = node.ask, threading.Event(), threading.Event()

    def slowly(*asked):
        begun.set()
        assert release.wait(60)
        return answer(*asked)

    node.providers._ask = slowly
    found = []
    threads = [threading.Thread(target=lambda: found.append(node.pull())) for _ in range(2)]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    release.set()
    for thread in threads:
        thread.join(60)

    assert found == [[FOUND], [FOUND]]
    assert len(node.asked) == 1


def test_programs_that_are_not_there_are_said_at_the_start(tmp_path):
    accounts = Accounts(lambda namespace, name: {}, lambda pod, audience: "")
    with pytest.raises(ConfigError, match=r"imageCredentialProviderBinDir: .*/plain is not a program that can be run"):
        CredentialProviders([PLAIN], tmp_path, accounts).check()

    (tmp_path / "plain").touch(mode=0o700)
    CredentialProviders([PLAIN], tmp_path, accounts).check()
