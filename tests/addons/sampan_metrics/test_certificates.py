from __future__ import annotations

from sampan_metrics import certificates


def test_it_is_kept_while_it_lasts_and_has_the_names(tmp_path):
    first, new = certificates.ensure(tmp_path, ["a.example", "127.0.0.1"])
    second, again = certificates.ensure(tmp_path, ["a.example"])

    assert (new, again) == (True, False)
    assert second.authority == first.authority
    assert first.key.stat().st_mode & 0o777 == 0o600


def test_another_name_or_a_damaged_file_makes_a_new_one(tmp_path, monkeypatch):
    first, _ = certificates.ensure(tmp_path, ["a.example"])
    _, named = certificates.ensure(tmp_path, ["b.example"])
    first.certificate.write_text("broken")
    _, damaged = certificates.ensure(tmp_path, ["b.example"])
    monkeypatch.setattr(certificates, "RENEW_BEFORE", 400 * 86400)
    _, ending = certificates.ensure(tmp_path, ["b.example"])

    assert (named, damaged, ending) == (True, True, True)
