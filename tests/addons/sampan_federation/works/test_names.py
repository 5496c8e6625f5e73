from sampan_federation.works.names import cluster_of, execution_namespace, work_id, work_name


def test_a_work_has_the_name_that_karmada_gives_it():
    """Karmada's documentation shows this one."""
    assert work_name("Deployment", "nginx", "default") == "nginx-687f7fb96f"


def test_names_that_a_custom_resource_may_not_have_are_changed():
    assert work_name("ClusterRole", "system:Node").startswith("system.node-")
    assert work_name("ClusterRole", "a") != work_name("Role", "a") != work_name("Role", "a", "b")


def test_an_execution_namespace_leads_back_to_its_cluster():
    assert cluster_of(execution_namespace("east")) == "east"
    assert cluster_of("default") == ""


def test_the_id_of_a_work_is_always_the_same():
    assert work_id("a", "b") == work_id("a", "b") != work_id("a", "c")
