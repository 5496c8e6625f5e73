"""The conversion of a definition."""

import pytest

from sampan_crds.validation.conversion import check_bundle, check_conversion

CLIENT = {"url": "https://a.b/c"}


def said(found, *, before=None, strict=False):
    return [f"{each.path}: {each.message}" for each in check_conversion(found, "c", before, strict=strict)]


def webhook(client=CLIENT, versions=("v1",)):
    return {"strategy": "Webhook", "webhook": {"clientConfig": client, "conversionReviewVersions": list(versions)}}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"strategy": ""}, "c.strategy: Required value"),
        ({}, "c.strategy: Required value"),
        ({"strategy": "Magic"}, "c.strategy: Unsupported value"),
        ({"strategy": "None", "webhook": {"clientConfig": CLIENT}}, "should not be set when strategy is not set to"),
        ({"strategy": "Webhook"}, "c.webhookClientConfig: Required value: required when strategy is set to Webhook"),
        (webhook({}), "exactly one of url or service is required"),
        (webhook(versions=()), "c.conversionReviewVersions: Required value"),
        (webhook(versions=("v2",)), "must include at least one of v1, v1beta1"),
        (webhook(versions=("v1", "v1")), 'c.conversionReviewVersions[1]: Invalid value: "v1": duplicate version'),
    ],
)
def test_what_is_wrong_is_said(found, words):
    assert any(words in each for each in said(found))


def test_good_ones():
    assert said({"strategy": "None"}) == []
    assert said(webhook()) == []
    assert said(webhook({"service": {"name": "a", "namespace": "b", "port": 443, "path": "/x/y"}})) == []


def test_a_bundle_is_judged_once_the_definition_is_established():
    bad = webhook({**CLIENT, "caBundle": "bm90aGluZw=="})

    assert said(bad) == []
    assert any("unable to load root certificates" in each for each in said(bad, strict=True))
    assert said(bad, before=bad, strict=True) == []
    assert list(check_bundle("", "b")) == []
