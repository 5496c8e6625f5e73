import io
import json
import os
import stat
import tarfile

import pytest

from sampan_node.volumes import unpacking


def entry(name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link=""):
    found = tarfile.TarInfo(name)
    found.type, found.size, found.mode, found.linkname, found.mtime = kind, len(data), mode, link, 1000
    return found, data


def folder(name, mode=0o755):
    return entry(name, tarfile.DIRTYPE, mode=mode)


def link(name, target):
    return entry(name, tarfile.SYMTYPE, link=target)


def layer(*entries, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def saved(*layers):
    names = [f"{index}/layer.tar" for index in range(len(layers))]
    files = dict(zip(names, layers, strict=True)) | {"manifest.json": json.dumps([{"Layers": names}]).encode()}
    data = layer(*(entry(name, data=content) for name, content in files.items()))
    return [data[at : at + 1000] for at in range(0, len(data), 1000)]


def listed(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


def test_layers_are_applied_one_after_the_other(tmp_path):
    first = layer(
        folder("etc", 0o700), entry("etc/a", data=b"1"), entry("etc/b", data=b"1"), entry("was", data=b"file")
    )
    second = layer(folder("was"), entry("was/c", data=b"2"), entry("etc/b", data=b"2", mode=0o4755), mode="w:gz")

    unpacking.unpack(saved(first, second), tmp_path / "v")

    assert listed(tmp_path / "v") == ["etc", "etc/a", "etc/b", "was", "was/c"]
    assert (tmp_path / "v/etc/b").read_bytes() == b"2"
    assert stat.S_IMODE((tmp_path / "v/etc/b").stat().st_mode) == 0o4755
    assert stat.S_IMODE((tmp_path / "v/etc").stat().st_mode) == 0o700
    assert (tmp_path / "v/etc/b").stat().st_mtime == 1000
    assert os.listdir(tmp_path) == ["v"]


def test_what_a_later_layer_takes_away_is_gone(tmp_path):
    first = layer(folder("a"), entry("a/x", data=b"1"), folder("b"), entry("b/y", data=b"1"), folder("c"), entry("d"))
    second = layer(entry("a/.wh.x"), entry("b/new"), entry("b/.wh..wh..opq"), entry(".wh.c"), entry(".wh.absent"))

    unpacking.unpack(saved(first, second), tmp_path / "v")

    assert listed(tmp_path / "v") == ["a", "b", "b/new", "d"]


def test_links_are_as_they_were_packed(tmp_path):
    packed = layer(
        folder("bin"), entry("bin/busybox", data=b"x"), link("bin/sh", "/bin/busybox"),
        entry("bin/same", tarfile.LNKTYPE, link="bin/busybox"), entry("bin/null", tarfile.CHRTYPE),
    )  # fmt: skip

    unpacking.unpack(saved(packed), tmp_path / "v")

    assert os.readlink(tmp_path / "v/bin/sh") == "/bin/busybox"
    assert (tmp_path / "v/bin/same").samefile(tmp_path / "v/bin/busybox")
    assert listed(tmp_path / "v/bin") == ["busybox", "same", "sh"]


@pytest.mark.parametrize(
    "entries",
    [
        [entry("../out/x")],
        [entry("a/../../out/x")],
        [link("l", "../out"), entry("l/x")],
        [link("l", "/proc/self/cwd"), folder("l/x")],
        [link("l", "../out"), entry("l/.wh.kept")],
        [link("l", "../out"), entry("l/.wh..wh..opq")],
        [entry("h", tarfile.LNKTYPE, link="../out/kept")],
        [link("l", "../out"), entry("h", tarfile.LNKTYPE, link="l/kept")],
        [entry("a/.wh...")],
    ],
)
def test_a_hostile_image_reaches_nothing_outside(tmp_path, entries):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept").write_text("kept")

    with pytest.raises(OSError):
        unpacking.unpack(saved(layer(*entries)), tmp_path / "v")

    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["kept"]
    assert (tmp_path / "out/kept").stat().st_nlink == 1


@pytest.mark.parametrize("data", [b"", b"nonsense", layer(entry("manifest.json", data=b"[]")), layer(entry("x"))])
def test_what_is_no_image_says_so_and_leaves_nothing(tmp_path, data):
    with pytest.raises(unpacking.NotAnImage):
        unpacking.unpack([data], tmp_path / "v")

    assert os.listdir(tmp_path) == []
