import logging
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from sampan.errors import ConfigError
from sampan_pki.key_file import Key, KeyFile, Keys, new_key, parse, render, write

ONE, TWO = new_key("current"), new_key("former")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pki" / "encryption.keys"


def test_text_and_keys_agree():
    assert parse(render(Keys((ONE, TWO)))) == Keys((ONE, TWO))


def test_a_rotation_keeps_the_former_keys():
    rotated = Keys((ONE, TWO)).rotated()

    assert rotated.current.name not in (ONE.name, TWO.name)
    assert [(key.state, key.name) for key in rotated.all[1:]] == [("former", ONE.name), ("former", TWO.name)]


def test_a_prepared_key_is_used_by_the_next_rotation():
    prepared = Keys((ONE,)).with_next()
    assert prepared.current == ONE and prepared.with_next() == prepared

    rotated = prepared.rotated()

    assert rotated.current.secret == prepared.all[1].secret
    assert [key.state for key in rotated.all] == ["current", "former"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "exactly one key must be current"),
        (render(Keys((ONE, ONE._replace(name="other")))), "exactly one key must be current"),
        (render(Keys((ONE, ONE._replace(state="former")))), "two keys have one name"),
        ("current a", "line 1: wanted are a state (current, next, former), a name without colon, and a key"),
        ("odd a AAAA", "wanted are a state"),
        ("current a:b AAAA", "wanted are a state"),
        ("current a AAAA", "the key of a must be 32 bytes in base64"),
        ("current a not-base64", "the key of a must be 32 bytes in base64"),
    ],
)
def test_what_is_no_key_file_is_refused_without_showing_a_key(text, message):
    with pytest.raises(ConfigError) as refused:
        parse(text)

    assert message in str(refused.value) and "not-base64" not in str(refused.value)


def test_only_its_owner_may_read_the_file(path):
    write(path, Keys((ONE,)))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_of_several_processes_one_makes_the_key(path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: KeyFile(path).create(), range(8)))

    assert len(parse(path.read_text()).all) == 1
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_changed_file_is_read_again(path):
    file = KeyFile(path)
    assert file.keys() == Keys()

    write(path, Keys((ONE,)))
    assert file.keys().current == ONE
    write(path, Keys((Key("current", "x", TWO.secret), ONE._replace(state="former"))))
    assert file.keys().current.name == "x" and file.keys().named(ONE.name).secret == ONE.secret


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("odd"), lambda path: path.unlink()])
def test_keys_that_are_lost_stay_in_force_and_that_is_logged_once(path, spoil, caplog):
    write(path, Keys((ONE,)))
    file = KeyFile(path)
    file.keys()

    spoil(path)
    with caplog.at_level(logging.ERROR):
        assert file.keys().current == file.keys().current == ONE

    assert len(caplog.records) == 1


def test_a_damaged_file_is_refused_at_the_start(path):
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match="restore it from a copy"):
        KeyFile(path).keys()
