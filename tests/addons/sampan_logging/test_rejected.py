from __future__ import annotations

import json

from sampan_logging.rejected import Rejected

ACTION = {"_index": "logs", "_id": "1", "_source": {"message": "hello"}}


def test_each_is_kept_with_its_reason(tmp_path):
    Rejected(tmp_path / "rejected.jsonl", most_bytes=10_000).keep([(ACTION, "400 why")])

    (kept,) = map(json.loads, (tmp_path / "rejected.jsonl").read_text().splitlines())
    assert (kept["why"], kept["id"], kept["document"]) == ("400 why", "1", {"message": "hello"})


def test_the_file_is_bounded(tmp_path):
    rejected = Rejected(tmp_path / "rejected.jsonl", most_bytes=1000)
    for _ in range(50):
        rejected.keep([(ACTION, "400 why")])

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000
    assert len(list(tmp_path.iterdir())) == 2
