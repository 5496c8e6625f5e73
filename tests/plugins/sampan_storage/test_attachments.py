import pytest

from sampan_machinery.metadata import copy
from sampan_storage.kinds import ATTACHMENT

SPEC = {"attacher": "a.example", "nodeName": "n", "source": {"persistentVolumeName": "v"}}
ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
INLINE = {"accessModes": ["ReadWriteOnce"], "csi": {"driver": "a.example", "volumeHandle": "h"}}


def attachment(status=None, **spec):
    return {"spec": {**copy(SPEC), **spec}, "status": status or {}}


def test_good_attachments(problems_of):
    assert problems_of(ATTACHMENT, attachment()) == []
    assert problems_of(ATTACHMENT, attachment(source={"inlineVolumeSpec": copy(INLINE)})) == []


@pytest.mark.parametrize(
    "fields, line",
    [
        ({"attacher": ""}, "spec.attacher: Required value"),
        ({"source": {}}, f"spec.source: Required value: {ONE}"),
        ({"source": {"persistentVolumeName": "v", "inlineVolumeSpec": INLINE}}, f"spec.source: Forbidden: {ONE}"),
        ({"nodeName": "N!"}, 'spec.nodeName: Invalid value: "N!": a lowercase RFC 1123 subdomain'),
        ({"source": {"persistentVolumeName": "V!"}}, 'spec.source.persistentVolumeName: Invalid value: "V!": a lower'),
        (
            {"source": {"inlineVolumeSpec": {"accessModes": ["ReadWriteOnce"], "nfs": {"server": "a", "path": "/"}}}},
            "spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes",
        ),
        ({"status": {"attachError": {"message": "x" * 1025}}}, "status.attachError.message: Too long: may not be more"),
        ({"status": {"detachError": {"errorCode": -1}}}, "status.detachError.errorCode: Invalid value: -1: must be b"),
        (
            {"status": {"attachmentMetadata": {"a": "x" * 262144}}},
            "status.attachmentMetadata: Too long: may not be mor",
        ),
    ],
)
def test_what_is_wrong_is_named(problems_of, fields, line):
    [told] = problems_of(ATTACHMENT, attachment(**fields))

    assert told.startswith(line)


def test_the_spec_never_changes(problems_of):
    [told] = problems_of(ATTACHMENT, attachment(nodeName="m"), attachment())

    assert told.startswith("spec: Invalid value: ")
    assert told.endswith(": field is immutable")
    assert problems_of(ATTACHMENT, attachment({"attached": True}), attachment()) == []


def test_the_source_of_an_inline_volume_gets_its_defaults(problems_of):
    inline = attachment(source={"inlineVolumeSpec": {**copy(INLINE), "iscsi": {}}})
    problems_of(ATTACHMENT, inline)

    assert inline["spec"]["source"]["inlineVolumeSpec"]["iscsi"] == {"iscsiInterface": "default"}
