from sampan_proxy.hairpins import allow


def test_ports_of_the_bridge_are_told_once(tmp_path):
    for name, value in (("veth1", "0\n"), ("veth2", "1\n")):
        port = tmp_path / "docker0" / "brif" / name
        port.mkdir(parents=True)
        (port / "hairpin_mode").write_text(value)

    assert allow(str(tmp_path)) == 1
    assert allow(str(tmp_path)) == 0
    assert (tmp_path / "docker0/brif/veth1/hairpin_mode").read_text() == "1\n"
