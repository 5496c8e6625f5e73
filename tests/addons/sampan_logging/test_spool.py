from __future__ import annotations

import errno
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_logging.entries import HEAD, Entry, Progress, Source, encode
from sampan_logging.spool import Spool, SpoolPosition


def opened(folder, **more):
    return Spool(folder, segment_bytes=more.pop("segment_bytes", 1000))


def record(n):
    text = f"line {n}" * 5
    return encode(Entry(Source("d", "web", "uid", "node", "main"), Progress(0), [(1, 0, text.encode())]))


def everything(spool, place=None, most=300):
    found, place = [], place or spool.begin
    while more := spool.read(place, most):
        found += [body for _, body in more]
        place = more[-1][0]
    return found


def test_what_is_written_is_read_in_order_over_segments(tmp_path):
    spool = opened(tmp_path)
    records = [record(n) for n in range(50)]
    for one in records:
        spool.append(one)

    assert everything(spool) == [one[HEAD.size :] for one in records]
    assert len(list(tmp_path.glob("*.segment"))) > 3
    assert spool.behind(SpoolPosition(0, 0)) == spool.size == sum(map(len, records))
    spool.close()


def test_an_entry_larger_than_what_is_read_at_once_is_read_whole(tmp_path):
    spool = opened(tmp_path)
    spool.append(record("long" * 1000))

    assert len(everything(spool, most=10)) == 1
    spool.close()


def test_segments_are_removed_but_not_the_one_that_is_written(tmp_path):
    spool = opened(tmp_path)
    for n in range(50):
        spool.append(record(n))

    spool.remove_before(spool.end.segment + 5)

    assert spool.begin.segment == spool.end.segment
    assert spool.size <= 1500
    spool.append(record(51))
    spool.close()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150, deadline=None
)
@given(before=st.integers(1, 12), after=st.integers(1, 5), cut=st.integers(0, 10_000), junk=st.binary(max_size=40))
def test_cut_at_any_byte_it_goes_on_behind_the_last_whole_entry(tmp_path_factory, before, after, cut, junk):
    """What a crash in the middle of a write leaves: a part of it, or something that never was written."""
    folder = tmp_path_factory.mktemp("cut")
    spool = opened(folder)
    records = [record(n) for n in range(before + after)]
    for one in records[:before]:
        spool.append(one)
    spool.close()
    last = max(folder.glob("*.segment"))
    data = last.read_bytes()
    kept = data[: cut % (len(data) + 1)]
    left = kept + (junk if len(kept) < len(data) else b"")  # junk may happen to be what was cut off
    last.write_bytes(left)
    lost_from = before - sum(1 for n in range(before) if records[n] in data and records[n] not in left)

    spool = opened(folder)
    for one in records[before:]:
        spool.append(one)

    assert everything(spool) == [one[HEAD.size :] for one in [*records[:lost_from], *records[before:]]]
    spool.close()


def test_a_damaged_older_segment_is_told_and_passed_over(tmp_path, caplog):
    spool = opened(tmp_path)
    for n in range(20):
        spool.append(record(n))
    spool.close()
    first = min(tmp_path.glob("*.segment"))
    count = first.read_bytes().count(b"line ") // 5
    data = bytearray(first.read_bytes())
    data[20] ^= 1
    first.write_bytes(data)

    spool = opened(tmp_path)

    assert len(everything(spool)) == 20 - count
    assert spool.rotten == 1 and "damaged" in caplog.text
    spool.close()


def test_a_disk_that_is_full_leaves_no_half_entry(tmp_path, monkeypatch):
    spool = opened(tmp_path)
    spool.append(record(1))
    real = os.write

    def write(descriptor, data):
        real(descriptor, data[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space"):
            spool.append(record(2))
    spool.append(record(3))

    assert everything(spool) == [record(1)[HEAD.size :], record(3)[HEAD.size :]]
    spool.close()
