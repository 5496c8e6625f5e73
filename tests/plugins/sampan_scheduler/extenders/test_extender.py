import base64
from pathlib import Path

import pytest
import yaml

from sampan.errors import ConfigError
from sampan_scheduler.configuration.fields import Fields
from sampan_scheduler.configuration.reading import KIND, VERSION, read
from sampan_scheduler.extenders.extender import TIMEOUT, Extender, Pem, read_extenders
from sampan_webhookclient.destinations import Trust

URL = "http://127.0.0.1:8888/scheduler"


def extender(**more):
    return read_extenders(Fields({"extenders": [{"urlPrefix": URL, **more}]}, "file"))[0]


def pod(**requests):
    return {"spec": {"containers": [{"name": "c", "resources": {"limits": requests}}]}}


def test_everything_of_an_extender_is_read():
    found = extender(
        filterVerb="filter", prioritizeVerb="prioritize", preemptVerb="preempt", bindVerb="bind", weight=5,
        httpTimeout="100ms", nodeCacheCapable=True, ignorable=True,
        managedResources=[{"name": "example.com/gpu", "ignoredByScheduler": True}, {"name": "example.com/nic"}],
    )  # fmt: skip

    assert found == Extender(
        url=URL, filter_verb="filter", prioritize_verb="prioritize", preempt_verb="preempt", bind_verb="bind", weight=5,
        timeout=0.1, knows_nodes=True, ignorable=True, managed=frozenset({"example.com/gpu", "example.com/nic"}),
        unchecked=frozenset({"example.com/gpu"}),
    )  # fmt: skip
    assert found.destination("filter").url() == f"{URL}/filter"


def test_what_is_left_out_has_upstreams_defaults():
    found = extender()

    assert found == Extender(url=URL)
    assert found.timeout == TIMEOUT == 5.0
    assert found.concerns(pod()) and not found.insecure


def test_an_extender_is_asked_about_pods_that_want_what_it_manages():
    found = extender(managedResources=[{"name": "example.com/gpu"}])

    assert found.concerns(pod(**{"example.com/gpu": "1"}))
    assert not found.concerns(pod(cpu="1"))
    init = {"spec": {"initContainers": [{"resources": {"requests": {"example.com/gpu": "1"}}}]}}
    assert found.concerns(init)


def test_tls_is_read_from_the_document_or_from_files_that_may_be_renewed(tmp_path):
    certificate = tmp_path / "crt"
    certificate.write_text("one")
    tls = {"serverName": "gpu", "caData": base64.b64encode(b"ca").decode(), "certFile": str(certificate),
           "keyFile": str(certificate)}  # fmt: skip

    found = extender(urlPrefix="https://gpu.example:444", enableHTTPS=True, tlsConfig=tls)
    certificate.write_text("two")

    destination = found.destination("filter")
    assert destination.server_name == "gpu" and not destination.plain
    assert destination.trust == Trust("ca", False, "two", "two")
    assert found.certificate == Pem(file=str(certificate))


def test_https_without_authorities_is_not_checked():
    assert extender(enableHTTPS=True).insecure
    assert extender(tlsConfig={"insecure": True}).insecure


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"filtrVerb": "x"}, "file.extenders[0].filtrVerb is unknown; did you mean filterVerb?"),
        ({"urlPrefix": "gpu"}, "file.extenders[0].urlPrefix: unable to parse URL 'gpu/'"),
        ({"prioritizeVerb": "p"}, "file.extenders[0].weight must be positive where there is a prioritizeVerb"),
        ({"httpTimeout": "soon"}, "file.extenders[0].httpTimeout must be a duration such as 5s, not 'soon'"),
        ({"httpTimeout": "-1s"}, "file.extenders[0].httpTimeout must not be negative"),
        ({"managedResources": [{"name": "cpu"}]},
         "file.extenders[0].managedResources[0].name must be an extended resource, such as example.com/gpu, not 'cpu'"),
        ({"managedResources": [{"name": "a.b/c"}, {"name": "a.b/c"}]},
         "file.extenders[0].managedResources[1].name: a.b/c is there already"),
        ({"tlsConfig": {"caData": "%"}}, "file.extenders[0].tlsConfig.caData must be PEM in base64"),
        ({"tlsConfig": {"caFile": "/no/such/file"}}, "file.extenders[0].tlsConfig cannot be read: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(more, text):
    with pytest.raises(ConfigError) as raised:
        extender(**more)

    assert str(raised.value).startswith(text)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ({"urlPrefix": "http://b", "bindVerb": "b"}, "extenders[1].bindVerb: only one extender can implement bind"),
        ({"urlPrefix": URL}, f"extenders[1].urlPrefix: {URL} is there already"),
    ],
)
def test_extenders_do_not_get_in_each_others_way(second, text):
    with pytest.raises(ConfigError, match=text.replace("[", r"\[")):
        read_extenders(Fields({"extenders": [{"urlPrefix": URL, "bindVerb": "b"}, second]}, "file"))


def test_a_file_names_them_and_resources_of_theirs_are_not_checked_by_our_own_rule():
    managed = [{"name": "example.com/gpu", "ignoredByScheduler": True}]
    document = {"apiVersion": VERSION, "kind": KIND, "extenders": [{"urlPrefix": URL, "managedResources": managed}]}

    found = read(document, "file")

    assert [each.url for each in found.extenders] == [URL]
    fit = next(rule for rule in found.profiles[0].filters if rule.name == "NodeResourcesFit")
    assert fit._ignored == {"example.com/gpu"}


def test_the_pages_example_is_read(tmp_path):
    page = (Path(__file__).parents[4] / "plugins" / "sampan_scheduler" / "README.md").read_text()
    text = page.rpartition("```text\n")[2].partition("```")[0]
    (tmp_path / "ca.crt").write_text("ca")

    found = read(yaml.safe_load(text.replace("/etc/gpu-extender", str(tmp_path))), "file").extenders[0]

    assert found.filter_verb == "filter" and found.knows_nodes and found.authorities.read() == "ca"
