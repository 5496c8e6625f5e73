from __future__ import annotations

import dataclasses

import pytest

from sampan.contracts.options import ClusterOptions, ManifestOptions


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ClusterOptions(dns_ip="10.96.0.10").dns_ip = "10.96.0.11"


def test_a_plugin_that_reads_a_mapping_still_works_and_is_told():
    options = ManifestOptions(dns_ip="10.96.0.10", settings="s")

    with pytest.warns(DeprecationWarning, match=r"read options\.dns_ip"):
        assert options["dns_ip"] == "10.96.0.10"
    with pytest.warns(DeprecationWarning):
        assert (options.get("settings"), options.get("nothing", 5)) == ("s", 5)
    with pytest.warns(DeprecationWarning):
        assert {**options}["dns_ip"] == "10.96.0.10"
    with pytest.warns(DeprecationWarning), pytest.raises(KeyError, match="nothing"):
        options["nothing"]
