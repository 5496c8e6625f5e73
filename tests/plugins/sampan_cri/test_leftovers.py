from sampan_cri import discovery, leftovers


def test_each_cluster_with_pods_is_one(fake, monkeypatch):
    def item(cluster, home):
        return {"id": "x", "labels": {"sampan.dev/cluster": cluster}, "annotations": {"sampan.dev/home": home}}

    fake.answers["ListPodSandbox"] = {
        "items": [item("b", "/h2"), item("a", "/h1"), item("b", "/h2"), {"labels": {"other": "x"}}]
    }
    monkeypatch.setattr(discovery, "found", lambda: fake.path)

    found = leftovers.leftovers()

    assert [(one.what, one.home) for one in found] == [
        ("1 pods of the cluster a", "/h1"), ("2 pods of the cluster b", "/h2"),
    ]  # fmt: skip
    assert found[0].remove.startswith(f"crictl --runtime-endpoint unix://{fake.path} rmp -f")


def test_without_a_runtime_there_is_none(monkeypatch):
    monkeypatch.setattr(discovery, "found", lambda: "")

    assert leftovers.leftovers() == []


def test_a_runtime_that_fails_has_none_to_tell(fake, monkeypatch):
    monkeypatch.setattr(discovery, "found", lambda: fake.path)

    assert leftovers.leftovers() == []
