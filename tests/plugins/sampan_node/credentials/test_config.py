import json

import pytest

from sampan.errors import ConfigError
from sampan_node.credentials.config import V1, parse, read

PROVIDER = {
    "name": "ecr", "apiVersion": V1, "matchImages": ["*.registry.example"], "defaultCacheDuration": "12h",
    "args": ["get"], "env": [{"name": "REGION", "value": "x"}],
}  # fmt: skip
TOKENS = {"serviceAccountTokenAudience": "registry", "requireServiceAccount": True, "cacheType": "ServiceAccount"}


def document(*providers, **more):
    found = {"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": list(providers)}
    return json.dumps({**found, **more}).encode()


def test_the_kubelet_s_file_is_read():
    (found,) = parse([("f", document({**PROVIDER, "tokenAttributes": TOKENS}))])

    assert (found.name, found.matchImages, found.cache_seconds) == ("ecr", ("*.registry.example",), 43200.0)
    assert (found.args, found.env) == (("get",), ({"name": "REGION", "value": "x"},))
    assert found.tokens.serviceAccountTokenAudience == "registry"


def test_files_of_a_folder_count_together_in_the_order_of_their_names(tmp_path):
    (tmp_path / "2.yaml").write_bytes(document({**PROVIDER, "name": "second"}))
    (tmp_path / "1.json").write_bytes(document({**PROVIDER, "name": "first"}))
    (tmp_path / "notes.txt").write_text("no configuration")

    assert [one.name for one in read(tmp_path)] == ["first", "second"]


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_what_cannot_be_read_is_said(tmp_path, name):
    with pytest.raises(ConfigError):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "f: "),
        (document(PROVIDER, kind="Other"), "f: apiVersion must be kubelet.config.k8s.io/v1 and kind Credential"),
        (document(PROVIDER, more=1), "f: more is not a field"),
        (document(), "f: providers must be a list of at least one provider"),
        (document(7), "f: providers[0] must be a mapping"),
        (document({**PROVIDER, "images": []}), "f: providers[0].images is not a setting (did you mean"),
        (document({**PROVIDER, "name": "../x"}), "f: providers[0].name must be the name of a file"),
        (document({**PROVIDER, "apiVersion": "v9"}), "f: providers[0].apiVersion must be one of credentialprovider"),
        (document({**PROVIDER, "matchImages": []}), "f: providers[0].matchImages must name at least one image"),
        (document({**PROVIDER, "matchImages": ["https://x"]}), "f: providers[0].matchImages must name"),
        (document({**PROVIDER, "defaultCacheDuration": "1 day"}), "f: providers[0].defaultCacheDuration must be a"),
        (document({**PROVIDER, "env": [{"name": "A"}]}), "f: providers[0].env[0] must have name and value"),
        (document(PROVIDER, PROVIDER), "f: providers[1].name: a provider called 'ecr' is named twice"),
        (document({**PROVIDER, "tokenAttributes": {}}), "tokenAttributes.serviceAccountTokenAudience must be set"),
        (
            document({**PROVIDER, "tokenAttributes": {**TOKENS, "cacheType": "Pod"}}),
            "providers[0].tokenAttributes.cacheType must be ServiceAccount or Token",
        ),
        (
            document({**PROVIDER, "apiVersion": f"{V1}beta1", "tokenAttributes": TOKENS}),
            "providers[0].tokenAttributes wants apiVersion credentialprovider.kubelet.k8s.io/v1",
        ),
        (
            document({**PROVIDER, "tokenAttributes": {**TOKENS, "requiredServiceAccountAnnotationKeys": ["a/b/c"]}}),
            "requiredServiceAccountAnnotationKeys: 'a/b/c'",
        ),
        (
            document(
                {
                    **PROVIDER, "tokenAttributes": {
                        **TOKENS, "requireServiceAccount": False, "requiredServiceAccountAnnotationKeys": ["a"]
                    }
                }
            ),
            "tokenAttributes.requireServiceAccount must be true",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text, said):
    with pytest.raises(ConfigError) as refused:
        parse([("f", text)])

    assert said in str(refused.value)
