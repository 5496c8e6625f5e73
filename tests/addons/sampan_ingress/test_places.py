from __future__ import annotations

import os
import socket
import stat
from dataclasses import replace

import pytest

from sampan_ingress.places import PlaceTaken, check_free, place_for, remove_scratch, scratch
from sampan_ingress.settings import Settings


def test_a_taken_port_is_said_with_the_way_out(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PlaceTaken, match=f"port {port} of 127.0.0.1 .* set plugins.ingress.https_port to another"):
            check_free(replace(place, https_port=port))

    check_free(place)


def test_settings_decide_and_the_machine_fills_in(tmp_path):
    found = place_for(Settings(address="::1", http_port=81, public_https_port=443, workers=3), tmp_path)
    plain = place_for(Settings(), tmp_path)

    assert (found.listen, found.http_port, found.public_https_port, found.workers) == (("[::1]",), 81, 443, "3")
    assert plain.listen[0] == "0.0.0.0"
    assert plain.http_port in (80, 8080)
    assert plain.public_https_port == plain.https_port
    assert plain.workers == "auto"
    assert plain.scratch == found.scratch
    remove_scratch(tmp_path)


def test_the_scratch_folder_is_the_same_again_and_goes(tmp_path):
    first = scratch(tmp_path)
    assert stat.S_IMODE(first.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    first.rmdir()  # as after a reboot
    assert scratch(tmp_path) == first
    assert first.is_dir()

    remove_scratch(tmp_path, forget=False)
    assert not first.exists()
    assert scratch(tmp_path) == first

    first.rmdir()
    first.symlink_to(tmp_path)
    other = scratch(tmp_path)
    assert other != first
    first.unlink()

    remove_scratch(tmp_path)
    remove_scratch(tmp_path)
    assert not other.exists()
