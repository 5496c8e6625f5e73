import base64
from pathlib import Path

import pytest

from sampan.errors import ConfigError
from sampan_encryption.configuration import Kms, NamedKey, Provider, parse_resource, read_configuration

KEY = base64.b64encode(b"k" * 32).decode()
HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"


def entry(resources="secrets", providers="{identity: {}}"):
    return f"- resources: [{resources}]\n  providers: [{providers}]\n"


def read(*entries):
    return read_configuration((HEAD + "".join(entries)).encode(), "enc.yaml")


def refusal(*entries):
    with pytest.raises(ConfigError) as error:
        read(*entries)
    assert KEY not in str(error.value)
    return str(error.value)


def keys(secret=KEY, name="key1"):
    return f"keys: [{{name: {name}, secret: {secret}}}]"


def test_providers_and_keys_are_read_in_their_order():
    found = read(
        entry("secrets, configmaps", f"{{aescbc: {{{keys()}}}}}, {{identity: {{}}}}"),
        entry("'*.apps'", "{kms: {apiVersion: v2, name: vault, endpoint: 'unix:///run/kms.sock', timeout: 1m2.5s}}"),
    )

    aescbc = Provider("aescbc", (NamedKey("key1", b"k" * 32),))
    assert found.of("secrets", "") == found.of("configmaps", "") == (aescbc, Provider("identity"))
    assert found.of("deployments", "apps") == (Provider("kms", kms=Kms("vault", "unix:///run/kms.sock", 62.5)),)
    assert found.of("pods", "") == ()


def test_a_resource_is_looked_up_by_its_name_then_its_group_then_everything():
    found = read(
        entry("pandas.bears.example"),
        entry("'*.bears.example'", f"{{aesgcm: {{{keys(name='group')}}}}}"),
        entry("'*.'", f"{{aesgcm: {{{keys(name='core')}}}}}"),
        entry("'*.*'", f"{{aesgcm: {{{keys(name='all')}}}}}"),
    )

    def first(text):
        return [key.name for key in found.of(*parse_resource(text))[0].keys]

    assert first("pandas.bears.example") == []
    assert (first("cubs.bears.example"), first("secrets"), first("jobs.batch")) == (["group"], ["core"], ["all"])


def test_a_resource_of_two_entries_has_the_providers_of_both():
    found = read(entry(), entry("secrets", f"{{aesgcm: {{{keys()}}}}}"))

    assert [each.kind for each in found.of("secrets", "")] == ["identity", "aesgcm"]


@pytest.mark.parametrize(
    ("resources", "path", "words"),
    [
        ("", "resources[0].resources", "at least one resources[0].resources is required"),
        ("Secrets", "resources[0].resources[0]", "capital letters"),
        ("'*'", "resources[0].resources[0]", "use '*.' to encrypt"),
        ("secrets, '*.'", "resources[0].resources", "overlapping resources"),
        ("'*.*', secrets", "resources[0].resources", "overlapping resources"),
        ("secrets, secrets", "resources[0].resources", "multiple times"),
        ("serviceipallocations", "resources[0].resources[0]", "do not have REST API"),
        ("events.events.k8s.io", "resources[0].resources[0]", "use 'events' instead"),
        ("ingresses.extensions", "resources[0].resources[0]", "has been removed"),
        ("'secrets.*'", "resources[0].resources[0]", "across groups"),
        ("1", "resources[0].resources[0]", "must be the name of a resource"),
    ],
)
def test_wrong_resources_are_refused_with_their_path(resources, path, words):
    said = refusal(entry(resources))

    assert said.startswith("enc.yaml: ") and f"{path}: " in said and words in said


def test_a_resource_that_an_earlier_wildcard_masks_is_refused():
    assert "resources[1].resources[0]: " in refusal(entry("'*.*'"), entry())
    assert "masked by earlier rule '*.apps'" in refusal(entry("'*.apps'"), entry("deployments.apps"))


@pytest.mark.parametrize(
    ("provider", "path", "words"),
    [
        ("{}", "providers[0]", "must contain one of aesgcm"),
        ("{rot13: {}}", "providers[0].rot13", "unknown provider"),
        ("{identity: {}, aescbc: {}}", "providers[0]", "more than one provider"),
        ("{identity: {a: 1}}", "providers[0].identity.a", "unknown field"),
        ("{aescbc: {}}", "providers[0].aescbc.keys", "at least one keys"),
        ("{aescbc: []}", "providers[0].aescbc", "must be a map"),
        ("{aescbc: {keys: [1]}}", "providers[0].aescbc.keys[0].name", "mandatory"),
        ("{aescbc: {keys: [{name: a}]}}", "providers[0].aescbc.keys[0].secret", "mandatory"),
        ("{aescbc: {keys: [{name: a, secret: '!!'}]}}", "keys[0].secret", "base64"),
        ("{aescbc: {keys: [{name: a, secret: YWJj}]}}", "keys[0].secret", "got 3, expected one of [16 24 32]"),
        ("{secretbox: {keys: [{name: a, secret: YWJj}]}}", "keys[0].secret", "`head -c 32 /dev/urandom | base64`"),
        ("{kms: {name: a, endpoint: 'unix:///a'}}", "kms.apiVersion", "only v2"),
        ("{kms: {apiVersion: v2, name: 'a:b', endpoint: 'unix:///a'}}", "kms.name", "must not contain ':'"),
        ("{kms: {apiVersion: v2, name: a}}", "kms.endpoint", "mandatory"),
        ("{kms: {apiVersion: v2, name: a, endpoint: 'tcp://a'}}", "kms.endpoint", "must be a socket"),
        ("{kms: {apiVersion: v2, name: a, endpoint: 'unix:///a', timeout: 0s}}", "kms.timeout", "positive"),
        (
            "{kms: {apiVersion: v2, name: a, endpoint: 'unix:///a', cachesize: 1}}",
            "kms.cachesize",
            "not supported in v2",
        ),
    ],
)
def test_wrong_providers_are_refused_with_their_path(provider, path, words):
    said = refusal(entry(providers=provider))

    assert path in said and words in said


def test_kms_plugins_have_different_names():
    kms = "{kms: {apiVersion: v2, name: a, endpoint: 'unix:///a'}}"

    assert "duplicate KMS provider name a" in refusal(entry(providers=f"{kms}, {kms}"))


@pytest.mark.parametrize("text", [b"", b"[]", b"a: [", b"apiVersion: v1\nkind: Pod", HEAD.encode(), b"\xff"])
def test_what_is_no_such_file_is_refused(text):
    with pytest.raises(ConfigError, match=r"^enc\.yaml: "):
        read_configuration(text, "enc.yaml")


def test_the_example_of_the_manual_page_is_a_configuration():
    page = (Path(__file__).parents[3] / "plugins" / "sampan_encryption" / "README.md").read_text()

    found = read_configuration(page.partition("```yml\n")[2].partition("```")[0].encode(), "README.md")

    assert [found.of(*parse_resource(name))[0].kind for name in ("events", "configmaps", "deployments.apps")] == [
        "identity", "aesgcm", "kms",
    ]  # fmt: skip
