import io
import json
import platform
import tarfile

import pytest

from sampan_cri import image_archive
from sampan_runtime.contracts import RuntimeFailure

MACHINE = image_archive.MACHINES.get(platform.machine(), platform.machine())


@pytest.fixture
def blobs(fake):
    """Digest → content; "top" is what the image's name leads to."""
    found = {}
    fake.answers |= {
        "ImageStatus": lambda request: {"image": {"id": "sha256:i"} if request["image"]["image"] == "web:1" else None},
        "Get": lambda request: {"image": {"name": request["name"], "target": {"digest": "top"}}},
        "Read": lambda request: [{"data": found[request["digest"]][:3]}, {"data": found[request["digest"]][3:]}],
    }
    return found


def manifest(*layers):
    return json.dumps({"layers": [{"digest": digest, "size": size} for digest, size in layers]}).encode()


def test_an_image_is_a_tar_of_its_layers_in_order(client, blobs):
    blobs |= {"top": manifest(("sha256:b", 5), ("sha256:a", 1000)), "sha256:b": b"lower", "sha256:a": b"x" * 1000}

    saved = b"".join(image_archive.save(client, "web:1"))

    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        (about,) = json.load(tar.extractfile("manifest.json"))
        assert [tar.extractfile(name).read() for name in about["Layers"]] == [b"lower", b"x" * 1000]


def test_of_an_image_for_several_machines_it_is_this_ones(client, blobs):
    index = [
        {"digest": "m0", "platform": {"architecture": "s390x"}},
        {"digest": "m1", "platform": {"architecture": MACHINE}},
    ]
    blobs |= {"top": json.dumps({"manifests": index}).encode(), "m1": manifest(("l", 3)), "l": b"abc"}

    assert b"abc" in b"".join(image_archive.save(client, "web:1"))

    blobs["top"] = json.dumps({"manifests": index[:1]}).encode()
    with pytest.raises(RuntimeFailure, match="no manifest for"):
        list(image_archive.save(client, "web:1"))


@pytest.mark.parametrize(
    ("content", "words"), [(b"no JSON", "no manifest"), (manifest(("short", 9)), "has 3 bytes, not 9")]
)
def test_what_is_no_image_is_told(client, blobs, content, words):
    blobs |= {"top": content, "short": b"abc"}

    with pytest.raises(RuntimeFailure, match=words):
        list(image_archive.save(client, "web:1"))


def test_a_runtime_without_such_a_store_says_so(client, fake, blobs):
    del fake.answers["Get"]

    with pytest.raises(RuntimeFailure, match="image volumes are there with Docker and containerd"):
        next(image_archive.save(client, "web:1"))
    with pytest.raises(RuntimeFailure, match="no image none:1"):
        next(image_archive.save(client, "none:1"))
