from __future__ import annotations

import base64

import pytest

from sampan_certificates.validation import decided_by_status, signer_name, validate


def texts(new, old=None):
    return [f"{each.path}: {each.message}" for each in validate(new, old)]


def conditions(*types, **more):
    return {"conditions": [{"type": each, "status": "True", **more} for each in types]}


def test_a_request_as_kubectl_users_write_it_is_accepted(make):
    assert texts(make(expirationSeconds=600)) == []


@pytest.mark.parametrize(
    "spec, text",
    [
        ({"usages": ()}, "spec.usages: Required value"),
        ({"usages": ("any", "any")}, 'spec.usages[1]: Duplicate value: "any"'),
        ({"signer": ""}, "spec.signerName: Required value"),
        (
            {"signer": "kubernetes.io/legacy-unknown"},
            'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via '
            "this API version",
        ),
        (
            {"expirationSeconds": 599},
            "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)",
        ),
    ],
)
def test_a_wrong_field_is_named(make, spec, text):
    assert texts(make(**spec)) == [text]


def test_an_unknown_usage_is_refused_with_those_that_are_known(make):
    (text,) = texts(make(usages=("walking",)))

    assert text.startswith('spec.usages[0]: Unsupported value: "walking": supported values: "any", "cert sign"')


def test_what_is_no_request_is_refused(make):
    (text,) = texts(make(pem=b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"))

    assert text.endswith(": PEM block type must be CERTIFICATE REQUEST")


def test_a_request_with_a_wrong_signature_is_refused(make, pem):
    body = bytearray(base64.b64decode(b"".join(pem().splitlines()[1:-1])))
    body[-1] ^= 1
    forged = (
        b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.b64encode(body) + b"\n-----END CERTIFICATE REQUEST-----\n"
    )

    (text,) = texts(make(pem=forged))

    assert text.endswith(": x509: ECDSA verification failure")


@pytest.mark.parametrize(
    "name, details",
    [
        ("example.com/a", []),
        ("example.com/a.b-c", []),
        ("kubernetes", ["must be a fully qualified domain and path of the form 'example.com/signer-name'"]),
        ("a/b/c", ["must be a fully qualified domain and path of the form 'example.com/signer-name'"]),
        ("example/a", ["should be a domain with at least two segments separated by dots"]),
    ],
)
def test_a_signer_is_a_domain_and_a_path(name, details):
    assert [each.message.partition(": ")[2].partition(": ")[2] for each in signer_name("p", name)] == details


def test_a_part_that_is_no_label_is_named():
    (found,) = signer_name("p", "Example.com/a")

    assert found.message.startswith('Invalid value: "Example.com": validating label "Example": ')


@pytest.mark.parametrize(
    "status, text",
    [
        ({"conditions": [{"type": "Approved"}]}, "status.conditions[0].status: Required value"),
        (
            {"conditions": [{"type": "Approved", "status": "False"}]},
            'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
        ),
        (
            conditions("Approved", "Denied"),
            'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
        ),
        (conditions("A", "A"), 'status.conditions[1].type: Duplicate value: "A"'),
        (
            {"certificate": base64.b64encode(b"x").decode()},
            'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
        ),
    ],
)
def test_a_wrong_status_is_named(make, status, text):
    assert texts(make(status=status), make()) == [text]


def test_a_decision_cannot_be_taken_back_nor_a_certificate_replaced(make):
    old = make(status={**conditions("Approved"), "certificate": "old"})

    assert texts(make(status={"certificate": "old"}), old) == [
        'status.conditions: Forbidden: updates may not remove a condition of type "Approved"'
    ]
    assert texts(make(status={**conditions("Approved")}), old) == [
        "status.certificate: Forbidden: updates may not modify existing certificate content"
    ]


def test_only_approval_decides(make):
    found = list(decided_by_status(make(status=conditions("Denied")), make()))

    assert [each.message for each in found] == ['Forbidden: updates may not add a condition of type "Denied"']
