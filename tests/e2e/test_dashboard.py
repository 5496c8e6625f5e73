"""The dashboard as a person uses it: Debian's Chromium, driven by Playwright, against a cluster of `sampan up`.

With SAMPAN_PICTURES=FOLDER the pictures of docs/ are made on the way.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from clusters import until
from playwright.sync_api import expect, sync_playwright

pytestmark = pytest.mark.kubectl
NAMESPACE = "seen"
WAIT = 120_000  # milliseconds
expect.set_options(timeout=WAIT)
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
WEB = f"/o/deployments.apps/{NAMESPACE}/web"
#: Nodes that pass are not described one by one, which takes half of the time.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"], "resultTypes": ["violations"]}
FORM = f"/o/services/{NAMESPACE}/web/form"
PAGES = ("/", "/l/pods", WEB, f"/map?namespace={NAMESPACE}", "/new", f"{WEB}/history", FORM, "/addons/dns")


def chromium():
    found = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    if found is None and os.geteuid() == 0:
        pytest.fail("no Chromium; tools/install-test-needs installs Debian's", pytrace=False)
    if found is None:
        pytest.skip("no Chromium on this machine, and this is not root")
    return found


@pytest.fixture(scope="module")
def cluster(exec_cluster):
    """The shared cluster with the add-on, on a free port, and something to look at."""
    file = exec_cluster.home / "sampan.yaml"
    before = file.read_text()
    settings = yaml.safe_load(before)
    settings["plugins"]["dashboard"] = {"port": 0}
    file.write_text(yaml.safe_dump(settings))
    exec_cluster.sampan("addons", "enable", "dashboard")
    exec_cluster.apply(*objects(exec_cluster))
    yield exec_cluster
    exec_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    exec_cluster.sampan("addons", "disable", "dashboard")
    file.write_text(before)


def objects(cluster):
    say = "i=0; while true; do i=$((i+1)); echo line $i; sleep 1; done"
    pod = cluster.pod("web", say)
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod["spec"]}
    web = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    broken = cluster.pod("broken", f"echo \"{HOSTILE}\"; printf 'a\\033[31mred\\033[0mb\\n'; exit 3")
    broken["metadata"]["annotations"] = {"note": HOSTILE}
    service = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    found = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": web},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": service},
        broken,
    ]
    looker = {"kind": "ServiceAccount", "name": "looker", "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    found += [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "looker"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "looker"},
         "roleRef": role, "subjects": [looker]},
    ]  # fmt: skip
    for each in found:
        each["metadata"]["namespace"] = NAMESPACE
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, *found]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def site(cluster, browser):
    """A page, signed in by the link that the command prints, and what went wrong in it."""
    link = until(lambda: re.search(r"http://\S+", cluster.sampan("dashboard", "--no-open")))[0]
    context = browser.new_context()
    context.set_default_timeout(WAIT)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    page.goto(link)
    base = link.partition("/signin")[0]
    yield SimpleNamespace(page=page, base=base, wrong=wrong, go=lambda path: page.goto(base + path))
    assert wrong == []
    context.close()


def picture(page, name):
    folder = os.environ.get("SAMPAN_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"dashboard-{name}.png"))


def shown(locator):
    expect(locator).to_be_visible(timeout=WAIT)


def explained(site) -> bool:
    """Whether the page behind the first page's link has the reasons; not in the moment in which the pod runs again."""
    page = site.page
    site.go("/")
    page.get_by_role("link", name="broken", exact=True).first.click()
    try:
        for words in ("exit code 3", "CrashLoopBackOff"):
            expect(page.get_by_text(words).first).to_be_visible(timeout=10_000)
        expect(page.locator(".why .command", has_text="kubectl logs broken").first).to_be_visible(timeout=10_000)
    except AssertionError:
        return False
    return True


def test_why_a_pod_does_not_run_is_found_from_the_first_page(site, cluster):
    page = site.page
    waits = "jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff"
    cluster.kubectl("wait", "pod/broken", "-n", NAMESPACE, f"--for={waits}", "--timeout=200s")
    site.go("/")
    picture(page, "overview")

    until(lambda: explained(site), 240, "the pod waits for its next start while the page is made")
    picture(page, "why")
    page.get_by_role("link", name="last log").click()
    log = page.locator("#log")
    expect(log).to_contain_text("<script>", timeout=WAIT)
    expect(log).to_contain_text("aredb")
    assert "owned" not in page.title()
    site.go(f"/o/pods/{NAMESPACE}/broken/yaml")
    assert "owned" not in page.title()
    assert page.locator("main img, main script").count() == 0


def test_rows_come_and_go_while_a_list_is_open(site, cluster):
    page = site.page
    site.go(f"/l/configmaps?namespace={NAMESPACE}")
    shown(page.locator("#live"))

    cluster.kubectl("create", "configmap", "lively", "-n", NAMESPACE)
    row = page.get_by_role("link", name="lively")
    shown(row)
    cluster.kubectl("delete", "configmap", "lively", "-n", NAMESPACE)

    expect(row).to_have_count(0, timeout=WAIT)


def test_a_deployment_is_scaled_changed_and_rolled_back(site, cluster):
    page = site.page
    site.go(f"/o/deployments.apps/{NAMESPACE}/web")
    picture(page, "object")
    page.get_by_label("Replicas").fill("3")
    page.get_by_role("button", name="Scale").click()
    shown(page.get_by_role("status"))
    assert cluster.get("deployment", "web", "-n", NAMESPACE)["spec"]["replicas"] == 3

    # The status is written meanwhile, for a pod is starting; that is no conflict.
    page.get_by_role("link", name="Edit", exact=True).click()
    text = page.get_by_label("YAML", exact=True)
    text.fill(text.input_value().replace("echo line", "echo changed"))
    page.get_by_role("button", name="What would change?").click()
    expect(page.locator(".diff .added").last).to_contain_text("echo changed", timeout=WAIT)
    page.get_by_role("button", name="Apply").click()
    shown(page.get_by_role("status"))

    until(lambda: len(cluster.get("rs", "-n", NAMESPACE)["items"]) == 2)
    page.get_by_role("link", name="Revisions").click()
    page.get_by_role("link", name="What would change?").click()
    expect(page.locator(".diff .added").last).to_contain_text("echo line", timeout=WAIT)
    picture(page, "rollback")
    page.get_by_role("button", name="Roll back").click()
    shown(page.get_by_role("status"))

    spec = cluster.get("deployment", "web", "-n", NAMESPACE)["spec"]["template"]["spec"]
    assert "echo line" in spec["containers"][0]["command"][2]


def test_the_logs_of_a_workload_go_on_as_they_come(site):
    page = site.page
    site.go(f"/o/deployments.apps/{NAMESPACE}/web/logs")
    lines = page.locator("#log > span")
    expect(lines.last).to_contain_text("line", timeout=WAIT)
    count = lines.count()

    expect(lines.nth(count + 3)).to_be_attached(timeout=WAIT)
    texts = page.locator("#log > span").all_text_contents()
    assert len(texts) == len(set(texts)), "a line is shown twice"
    picture(page, "logs")


def running(cluster):
    """The name of a pod that runs, and is not one of a revision that goes."""
    cluster.kubectl("rollout", "status", "deployment/web", "-n", NAMESPACE, "--timeout=120s")
    found = (pod["metadata"] for pod in cluster.get("pods", "-n", NAMESPACE, "-l", "app=web")["items"])
    return next((each["name"] for each in found if "deletionTimestamp" not in each), "")


def test_a_terminal_runs_a_command_in_a_container(site, cluster):
    page = site.page
    pod = until(lambda: running(cluster), why="a pod that stays")
    site.go(f"/o/pods/{NAMESPACE}/{pod}/exec")
    if page.get_by_label("as plain text").count():  # where `make wheel` has brought xterm.js
        page.get_by_label("as plain text").check()
    page.get_by_role("button", name="Connect").click()
    screen = page.locator("#screen")
    expect(screen).to_contain_text(re.compile("[#$]"), timeout=WAIT)

    page.get_by_label("Input").fill("echo $((40+2)) '<b>'; exit 3")
    page.keyboard.press("Enter")

    expect(screen).to_contain_text("42 <b>", timeout=WAIT)
    expect(screen).to_contain_text("exit status 3", timeout=WAIT)


def test_the_keyboard_is_enough(site):
    page = site.page
    site.go("/")
    page.keyboard.press("?")
    shown(page.get_by_role("dialog"))
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/l/pods", timeout=WAIT)
    page.keyboard.press("/")
    page.keyboard.type("app=web")
    page.keyboard.press("Enter")

    page.wait_for_url("**/search?q=*", timeout=WAIT)
    shown(page.get_by_role("link", name=re.compile("^web-")).first)


def test_pages_are_readable_on_a_telephone_in_the_dark_and_for_all(site):
    page = site.page
    broken = {}
    for width, scheme, paths in ((1280, "light", PAGES), (360, "dark", PAGES[1:3])):
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=scheme)
        for path in paths:
            site.go(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than {width}"
            found = Axe().run(page, options=AXE).response["violations"]
            if found:
                broken[f"{path} {scheme}"] = [(each["id"], each["nodes"][0]["html"]) for each in found]
            if path.startswith(("/map", "/l/")) or path == FORM:
                picture(page, f"{path.rpartition('/')[2].partition('?')[0]}-{scheme}")
    page.set_viewport_size({"width": 1280, "height": 740})
    page.emulate_media(color_scheme="light")

    assert broken == {}


def test_a_reader_signs_in_by_token_and_can_do_nothing_else(site, cluster, browser):
    context = browser.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(f"{site.base}/o/deployments.apps/{NAMESPACE}/web")
    page.get_by_label("Token").fill(cluster.kubectl("create", "token", "looker", "-n", NAMESPACE).strip())
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="web")).to_be_visible(timeout=WAIT)
    assert page.locator("form[action*='/do/']").count() == 0
    page.get_by_text("What you may not do here").click()
    shown(page.get_by_text("deployments/scale"))
    code = page.evaluate(
        """async (path) => (await fetch(path, {method: "POST", body: new URLSearchParams({
            replicas: "0", csrf: document.querySelector("[name=csrf]").value})})).status""",
        f"/o/deployments.apps/{NAMESPACE}/web/do/scale",
    )
    assert code == 403
    assert cluster.get("deployment", "web", "-n", NAMESPACE)["spec"]["replicas"] == 3
    page.goto(f"{site.base}/l/secrets?namespace={NAMESPACE}")
    shown(page.get_by_text("cannot list resource"))
    context.close()
