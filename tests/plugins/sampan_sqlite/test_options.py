from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_sqlite.options import Options, keeping, read_url


def test_a_url_names_file_and_settings():
    assert read_url("sqlite:///a/b%20c.db?synchronous=normal&keep_commits=7") == Options(
        "/a/b c.db", synchronous="normal", keep_commits=7
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://relative/b.db", "absolute path"),
        ("sqlite:///a/", "absolute path"),
        ("sqlite:///a.db?sync=full", "sync is not a setting"),
        ("sqlite:///a.db?synchronous=maybe", "full, normal, off"),
        ("sqlite:///a.db?keep_commits=many", "whole number"),
        ("sqlite:///a.db?keep_seconds=0", "at least 1"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, words):
    with pytest.raises(ConfigError, match=words):
        read_url(url)


def test_a_longer_history_is_kept_and_a_shorter_one_changes_nothing():
    asked = Options("/a", keep_seconds=600, keep_commits=50_000)

    assert keeping(asked, 300.0) == asked
    assert keeping(asked, 3600.0) == Options("/a", keep_seconds=3960, keep_commits=330_000)
