"""One Kubernetes version everywhere: what the code follows is a constant of ``sampan`` alone."""

from __future__ import annotations

import re

from sampan import KUBERNETES_MINOR, KUBERNETES_VERSION

PLANKS = ("platform", "plugins", "addons")
SAID = re.compile(r"""["'/]v?1\.3\d(?:\.\d+)?["'+]""")


def saying(files):
    return [f"{path.name}: {found}" for path in files for found in SAID.findall(path.read_text())]


def test_no_module_says_a_kubernetes_version_of_its_own(root):
    files = [path for plank in PLANKS for path in sorted((root / plank).rglob("*.py"))]

    assert saying(files) == []


def test_the_rule_catches_one(tmp_path):
    (tmp_path / "a.py").write_text('VERSION = "v1.36.2"\nAGENT = "kube-probe/1.36"\n')

    assert len(saying([tmp_path / "a.py"])) == 2


def test_documents_name_the_minor_version_that_is_followed(root):
    texts = [(root / "README.md").read_text(), (root / "docs" / "compatibility.md").read_text()]

    assert KUBERNETES_VERSION.startswith(f"v1.{KUBERNETES_MINOR}.")
    assert all(set(re.findall(r"Kubernetes v(1\.\d\d)", text)) == {f"1.{KUBERNETES_MINOR}"} for text in texts)
