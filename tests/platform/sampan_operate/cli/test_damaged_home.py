"""Every file of a home, damaged in every way: a start refuses in words that name the file, or repairs it and says so.

A start here is everything that `sampan up` does before its first fork, and the API server that would be forked.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import logging
import shutil
import sqlite3

import pytest

from sampan.contracts.store import Put
from sampan.errors import ConfigError, PluginError
from sampan_operate.cli import main
from sampan_operate.supervisor import cluster
from sampan_server.wsgi import build
from sampan_settings.settings import load
from sampan_sqlite.options import Options
from sampan_sqlite.store import SqliteStore

#: Made again from other files at each start, or only about processes: replacing them loses nothing.
DERIVED = (
    "kubeconfig",
    "kubeconfigs/scheduler",
    "pki/client-ca.crt",
    "pki/verified.json",
    "run/state.json",
    "store.db-shm",
)
LEAVES = ("pki/server.crt", "pki/kubelet.key", "pki/clients/admin.key")
#: pki/test_authority.py has all the others.
KEPT = ("sampan.yaml", "cluster.json", "tokens.csv", "store.db", "pki/ca.crt", "pki/sa.key", "pki/sa.pub")
HOWS = ("empty", "binary", "truncated", "wrong type", "unreadable", "directory")
#: What is as good as it was: an empty sampan.yaml or token file says nothing, and half a line is none.
HARMLESS = {("sampan.yaml", "empty"), ("tokens.csv", "empty")}

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory, quick):
    """A home in which a server has run and that holds an object."""
    home = tmp_path_factory.mktemp("template") / "home"
    home.mkdir()
    (home / "sampan.yaml").write_text(
        "node: {enabled: false, runtime: exec}\naddons: []\nplugins: {auth: {token_file: tokens.csv}}\n"
    )
    (home / "tokens.csv").write_text('secret,joe,1,"a,b"\n')
    start(home)
    store = SqliteStore(Options(str(home / "store.db"), synchronous="off"))
    for number in range(200):
        store.commit(Put(f"/core/configmaps/default/c{number}", json.dumps({"data": {"k": "v" * 400}}).encode()))
    store.close()
    with contextlib.closing(sqlite3.connect(home / "store.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (home / "run").mkdir(exist_ok=True)
    (home / "run" / "state.json").write_text(json.dumps({"pid": 1, "born": 1, "processes": []}))
    return home


@pytest.fixture(scope="module", autouse=True)
def quick(tmp_path_factory):
    """Nothing here is about loss of power, nor about other homes of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sampan_settings.reservations.SYSTEM_STATE", str(tmp_path_factory.mktemp("state")))
        patch.setattr("os.fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True)
def registry(tmp_path, monkeypatch):
    """Of this test's home alone: a start looks at the ranges that every home of this machine uses."""
    monkeypatch.setattr("sampan_settings.reservations.SYSTEM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def home(template, tmp_path):
    return shutil.copytree(template, tmp_path / "home")


def start(home, *, server=True):
    settings = load(home=str(home), environ={})
    plugins = cluster.load_plugins(settings)
    options, _ = cluster.prepare(settings, plugins)
    if server:
        build(settings, plugins, options).close()


def damage(path, how):
    data = path.read_bytes()
    if how == "directory":
        path.unlink()
        path.mkdir()
    elif how == "unreadable":
        path.chmod(0)
    else:
        path.write_bytes({
            "empty": b"", "binary": bytes(range(256)) * 4, "truncated": data[: len(data) // 2],
            "wrong type": b"[1, 2]\n" if path.suffix != ".crt" else PEM,
        }[how])  # fmt: skip


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextlib.contextmanager
def without_privilege():
    """root may read every file; without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH it is as any other user."""
    libc, header, sets = ctypes.CDLL(None, use_errno=True), _Header(0x20080522, 0), (_Set * 2)()
    assert libc.capget(ctypes.byref(header), sets) == 0
    before = sets[0].effective
    sets[0].effective = before & ~0b110
    assert libc.capset(ctypes.byref(header), sets) == 0
    try:
        yield
    finally:
        sets[0].effective = before
        assert libc.capset(ctypes.byref(header), sets) == 0


def content(home):
    names = (*KEPT, *LEAVES)
    return {name: (home / name).read_bytes() for name in names if (home / name).is_file()}


def outcome(home, *, server):
    """What a start says: (words of its refusal, "" where it goes on; warnings)."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setLevel(logging.WARNING)
    logging.getLogger("sampan_pki").addHandler(handler)
    try:
        start(home, server=server)
    except (ConfigError, PluginError) as error:
        return str(error), stream.getvalue()
    finally:
        logging.getLogger("sampan_pki").removeHandler(handler)
    return "", stream.getvalue()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_made_again_stops_the_start_and_stays_as_it_is(name, how, home):
    damage(home / name, how)
    before = content(home)

    with without_privilege():
        said, _ = outcome(home, server=name in ("store.db", "tokens.csv"))

    if (name, how) in HARMLESS:
        assert said == ""
        return
    assert str(home / name) in said
    assert any(
        way in said.lower()
        for way in (
            "backup",
            "correct it",
            "--config",
            "utf-8",
            "must be",
            "is not a setting",
            "a mapping of settings",
            "not yaml",
            "may read",
        )
    ), said
    after = content(home)
    for same in ({*KEPT} - {"store.db"}) | {name}:  # a sound store may be opened
        assert after.get(same) == before.get(same)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", LEAVES)
def test_a_certificate_that_the_authority_can_issue_again_is_repaired_and_that_is_said(name, how, home):
    damage(home / name, how)

    with without_privilege():
        said, warned = outcome(home, server=False)

    if how in ("directory", "unreadable"):
        assert f"{home / name} cannot be read" in said
    else:
        assert said == "" and f"{home / name}: " in warned and "it is issued again" in warned


@pytest.mark.parametrize("how", [how for how in HOWS if how not in ("directory", "unreadable")])
@pytest.mark.parametrize("name", DERIVED)
def test_what_is_derived_is_written_again(name, how, home):
    damage(home / name, how) if (home / name).exists() else (home / name).write_bytes(b"garbage")

    assert outcome(home, server=name.startswith("store"))[0] == ""


@pytest.mark.parametrize("how", ["binary", "directory", "unreadable"])
@pytest.mark.parametrize("name", [*KEPT, *DERIVED])
def test_no_command_ends_in_a_traceback(name, how, home, capsys):
    if not (home / name).exists():
        (home / name).write_bytes(b"x")
    damage(home / name, how)

    for word in ("status", "doctor", "down"):
        with without_privilege(), pytest.raises(SystemExit):
            main(["--home", str(home), word])

    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", ["pki/ca.crt", "pki/sa.key", "pki/front-proxy-ca.key"])
def test_doctor_names_a_damaged_trust_root_and_the_way_out(name, home, capsys):
    damage(home / name, "empty")

    with pytest.raises(SystemExit) as ended:
        main(["--home", str(home), "doctor"])

    (said,) = (line for line in capsys.readouterr().out.splitlines() if str(home / name) in line)
    assert said.startswith("bad ") and "Restore" in said and "backup" in said
    assert ended.value.code == 1


def test_doctor_says_what_the_next_start_repairs(home, capsys):
    damage(home / "pki/clients/admin.crt", "binary")

    with contextlib.suppress(SystemExit):
        main(["--home", str(home), "doctor"])

    said = capsys.readouterr().out
    assert f"note  {home}/pki/clients/admin.crt: " in said and "issues it again" in said
    assert f"ok    the keys of {home}/pki are sound" in said


def test_damage_in_the_middle_of_the_store_is_told_from_what_is_sound(home):
    """Wherever in the file it is: page by page."""
    whole = (home / "store.db").read_bytes()
    for at in range(4096, len(whole), 4096):
        spoilt = bytearray(whole)
        spoilt[at + 1000 : at + 1400] = bytes(byte ^ 0xFF for byte in spoilt[at + 1000 : at + 1400])
        (home / "store.db").write_bytes(spoilt)
        changed = spoilt[at + 1000 : at + 1400] != whole[at + 1000 : at + 1400]
        try:
            with contextlib.closing(SqliteStore(Options(str(home / "store.db")))) as store:
                found = sorted(entry.value for entry in store.page("/").entries)
        except ConfigError:
            raise
        except Exception as error:
            assert "is damaged" in str(error) and str(home / "store.db") in str(error)
            continue
        with contextlib.closing(SqliteStore(Options(str(write(home / "whole.db", whole))))) as store:
            assert changed and found == sorted(entry.value for entry in store.page("/").entries)


def write(path, data):
    path.write_bytes(data)
    return path
