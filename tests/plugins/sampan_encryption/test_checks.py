import pytest

from sampan_encryption.checks import findings
from sampan_encryption.settings import Settings
from sampan_pki.key_file import NAME, KeyFile


def told(tmp_path, *, starting=False, **settings):
    return [(each.grade, each.text) for each in findings(str(tmp_path), Settings(**settings), starting=starting)]


@pytest.fixture
def file(tmp_path):
    file = KeyFile(tmp_path / NAME)
    file.create()
    return file


def test_the_key_that_encrypts_is_named(tmp_path, file):
    name = file.keys().current.name

    assert told(tmp_path) == [("ok", f"Secrets are encrypted at rest by {name} of {file.path}")]


def test_a_file_that_others_may_read_is_bad(tmp_path, file):
    file.path.chmod(0o644)

    assert told(tmp_path)[1] == ("bad", f"others may read {file.path} (mode 644): chmod 600 {file.path}")


def test_a_cluster_of_the_time_before_is_told_the_way(tmp_path):
    (found,) = told(tmp_path)

    assert found[0] == "note" and "`sampan secrets rotate` makes a key" in found[1]
    assert told(tmp_path, starting=True) == []


def test_a_damaged_file_is_bad(tmp_path):
    (tmp_path / NAME).write_text("odd")

    assert told(tmp_path)[0][0] == "bad"


def test_what_the_settings_say_is_told(tmp_path):
    assert told(tmp_path, enabled=False)[0] == (
        "note",
        "Secrets are written in the clear: plugins.encryption.enabled is false",
    )
    assert told(tmp_path, provider="vault") == [("ok", "Secrets are encrypted at rest by the key provider vault")]
