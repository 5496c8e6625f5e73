from sampan_rbac.grammar import binding, cluster_binding, cluster_role, group, paths, role, rule, user


def test_a_rule_is_read_as_words():
    assert rule("list get", "apps", "deployments/scale deployments") == {
        "verbs": ["get", "list"],
        "apiGroups": ["apps"],
        "resources": ["deployments", "deployments/scale"],
    }
    assert rule("get", "", "secrets", "one two")["resourceNames"] == ["one", "two"]
    assert paths("get", "/healthz /livez") == {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez"]}


def test_default_roles_are_marked_and_restored_at_every_start():
    metadata = cluster_role("view", [])["metadata"]

    assert metadata["labels"] == {"kubernetes.io/bootstrapping": "rbac-defaults"}
    assert metadata["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def test_a_part_is_gathered_by_the_role_that_asks_for_it():
    part = cluster_role("part", [], into="edit")
    whole = cluster_role("edit", [], gathers="edit")
    (selector,) = whole["aggregationRule"]["clusterRoleSelectors"]

    assert selector["matchLabels"].items() <= part["metadata"]["labels"].items()
    assert "aggregationRule" not in part


def test_bindings_name_their_role_and_subjects():
    bound = cluster_binding("b", "view", user("jane"), group("team"))
    assert [(subject["kind"], subject["name"]) for subject in bound["subjects"]] == [
        ("User", "jane"),
        ("Group", "team"),
    ]
    assert bound["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}

    local = binding("shop", "b", "reader", user("jane"))
    assert (local["kind"], local["metadata"]["namespace"], local["roleRef"]["kind"]) == ("RoleBinding", "shop", "Role")
    assert role("shop", "reader", rule("get", "", "pods"))["metadata"]["namespace"] == "shop"
