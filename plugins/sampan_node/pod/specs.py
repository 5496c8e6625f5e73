"""From a Pod to what the runtime is asked for: SandboxSpec and ContainerSpec. Pure, but for the files it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan_machinery import quantities
from sampan_node.pod import confinement, sysctls
from sampan_node.pod.environment import ConfigProblem, expand_words
from sampan_podspec.containers import walk
from sampan_runtime.contracts import (
    ContainerSpec,
    Device,
    Mount,
    PortMapping,
    Resources,
    RuntimeFailure,
    SandboxSpec,
)

LONGEST_HOSTNAME = 64  # bytes that the kernel keeps


def hostname(pod: Object) -> str:
    spec = pod["spec"]
    return str(spec.get("hostnameOverride") or spec.get("hostname") or pod["metadata"]["name"])[:63].rstrip("-.")


def domain_of(pod: Object, options: ClusterOptions) -> str:
    """Where the pod's host name is in the cluster's DNS; "" where it is in no subdomain."""
    subdomain = pod["spec"].get("subdomain")
    if not subdomain or pod["spec"].get("hostnameOverride"):
        return ""
    return f"{subdomain}.{pod['metadata']['namespace']}.svc.{options.cluster_domain}"


def kernel_hostname(pod: Object, options: ClusterOptions) -> str:
    """What ``hostname`` says in the pod. Raises RuntimeFailure where the kernel does not keep so long a name."""
    name, domain = hostname(pod), domain_of(pod, options)
    if not (pod["spec"].get("setHostnameAsFQDN") and domain):
        return name
    full = f"{name}.{domain}"
    if len(full) > LONGEST_HOSTNAME:
        raise RuntimeFailure(
            "CreatePodSandboxError",
            f"Failed to construct FQDN from Pod hostname and cluster domain, FQDN {full} is too long "
            f"({LONGEST_HOSTNAME} characters is the max, {len(full)} characters requested)",
        )
    return full


def sandbox_spec(pod: Object, attempt: int, options: ClusterOptions, *, handler: str = "") -> SandboxSpec:
    """``handler`` is that of the pod's RuntimeClass."""
    meta, spec = pod["metadata"], pod["spec"]
    servers, searches, resolver_options = resolver(pod, options)
    ports = [
        PortMapping(port["containerPort"], port.get("hostPort", 0), port.get("protocol", "TCP"), port.get("hostIP", ""))
        for _, container in walk(spec) for port in container.get("ports") or ()
    ]  # fmt: skip
    return SandboxSpec(
        name=meta["name"], namespace=meta["namespace"], uid=meta["uid"], attempt=attempt,
        hostname=kernel_hostname(pod, options), own_users=spec.get("hostUsers") is False, handler=handler,
        host_network=bool(spec.get("hostNetwork")), host_pid=bool(spec.get("hostPID")),
        host_ipc=bool(spec.get("hostIPC")), share_process_namespace=bool(spec.get("shareProcessNamespace")),
        ports=[port for port in ports if port.host_port], dns_servers=servers, dns_searches=searches,
        dns_options=resolver_options, sysctls=sysctls.names(pod), annotations=meta.get("annotations") or {},
        privileged=any((one.get("securityContext") or {}).get("privileged") for _, one in walk(spec)),
    )  # fmt: skip


def resolver(pod: Object, options: ClusterOptions) -> tuple[list[str], list[str], list[str]]:
    """(servers, searches, options) for resolv.conf; empty: as the host's. Source: API reference, dnsPolicy."""
    spec, config = pod["spec"], pod["spec"].get("dnsConfig") or {}
    policy = spec.get("dnsPolicy", "ClusterFirst")
    servers: list[str] = []
    searches: list[str] = []
    found: dict[str, str | None] = {}
    inside = (policy == "ClusterFirst" and not spec.get("hostNetwork")) or policy == "ClusterFirstWithHostNet"
    if inside and options.dns_ip and options.dns_reachable:
        domain = options.cluster_domain
        servers = [options.dns_ip]
        searches = [f"{pod['metadata']['namespace']}.svc.{domain}", f"svc.{domain}", domain]
        found["ndots"] = "5"
    servers += [one for one in config.get("nameservers") or () if one not in servers]
    searches += [one for one in config.get("searches") or () if one not in searches]
    found |= {one["name"]: one.get("value") for one in config.get("options") or ()}
    return servers, searches, [name if value is None else f"{name}:{value}" for name, value in found.items()]


def hosts_file(pod: Object, ip: str, options: ClusterOptions, services: Iterable[Object] = ()) -> str:
    """The managed /etc/hosts. Source: kubelet's managedHostsFileContent (meaning).

    ``services`` stand in it by name where no cluster DNS can be reached (no right to port 53), as they are when the
    container starts.
    """
    name, spec = hostname(pod), pod["spec"]
    lines = [
        "# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet", "fe00::0\tip6-mcastprefix", "fe00::1\tip6-allnodes", "fe00::2\tip6-allrouters",
    ]  # fmt: skip
    if domain := domain_of(pod, options):
        lines.append(f"{ip}\t{name}.{domain}\t{name}")
    else:
        lines.append(f"{ip}\t{name}")
    if spec.get("hostAliases"):
        lines += ["", "# Entries added by HostAliases."]
        lines += ["\t".join([alias["ip"], *(alias.get("hostnames") or ())]) for alias in spec["hostAliases"]]
    lines += _service_lines(pod["metadata"]["namespace"], options.cluster_domain, services)
    return "\n".join(lines) + "\n"


def _service_lines(own: str, domain: str, services: Iterable[Object]) -> list[str]:
    lines = []
    for service in services:
        address, name = service["spec"].get("clusterIP"), service["metadata"]["name"]
        if address in (None, "", "None"):
            continue
        namespace = service["metadata"]["namespace"]
        names = [f"{name}.{namespace}.svc.{domain}", f"{name}.{namespace}.svc", f"{name}.{namespace}"]
        lines.append("\t".join([address, *names, *([name] if namespace == own else [])]))
    return ["", "# Services, for there is no cluster DNS here.", *lines] if lines else []


def container_spec(
    pod: Object,
    container: Object,
    attempt: int,
    *,
    env: Mapping[str, str],
    mounts: Sequence[Mount],
    devices: Sequence[Device] = (),
    image_user: str = "",
    profiles: Path = Path("/nonexistent"),
    pids_limit: int = 0,
) -> ContainerSpec:
    """Raises ConfigProblem where what the security contexts say cannot be kept; ``profiles`` holds those of seccomp."""
    common, own = pod["spec"].get("securityContext") or {}, container.get("securityContext") or {}
    user, group = own.get("runAsUser", common.get("runAsUser")), own.get("runAsGroup", common.get("runAsGroup"))
    _check_root(container, own.get("runAsNonRoot", common.get("runAsNonRoot")), user, image_user)
    if common.get("supplementalGroupsPolicy") == "Strict" and (user is None or group is None):
        text = "supplementalGroupsPolicy Strict is kept only for containers with runAsUser and runAsGroup"
        raise ConfigProblem(f"{text} (container: {container['name']})")
    groups = [*(common.get("supplementalGroups") or ()), *([common["fsGroup"]] if "fsGroup" in common else [])]
    text = "" if user is None else f"{user}:{group}" if group is not None else str(user)
    capabilities = own.get("capabilities") or {}
    return ContainerSpec(
        name=container["name"], attempt=attempt, image=container["image"],
        command=expand_words(container.get("command"), env),
        args=expand_words(container.get("args"), env),
        working_dir=container.get("workingDir", ""), env=env, mounts=mounts, devices=devices,
        resources=resources(container.get("resources") or {}), user=text, groups=groups,
        privileged=bool(own.get("privileged")), read_only_root=bool(own.get("readOnlyRootFilesystem")),
        allow_privilege_escalation=own.get("allowPrivilegeEscalation", True),
        capabilities_add=capabilities.get("add") or (), capabilities_drop=capabilities.get("drop") or (),
        pids_limit=pids_limit,
        seccomp=confinement.seccomp(confinement.profile_of(pod, container, "seccompProfile"), profiles),
        apparmor=confinement.apparmor(confinement.profile_of(pod, container, "appArmorProfile")),
        stdin=bool(container.get("stdin")), stdin_once=bool(container.get("stdinOnce")), tty=bool(container.get("tty")),
    )  # fmt: skip


def _check_root(container: Object, non_root: bool | None, user: int | None, image_user: str) -> None:
    if not non_root:
        return
    if user == 0:
        raise ConfigProblem(f"container's runAsUser breaks non-root policy (container: {container['name']})")
    image_uid = image_user.partition(":")[0]
    if user is None and image_uid in ("", "0", "root"):
        raise ConfigProblem(f"container has runAsNonRoot and image will run as root (container: {container['name']})")
    if user is None and not image_uid.isdigit():
        raise ConfigProblem(
            f"container has runAsNonRoot and image has non-numeric user ({image_uid}), cannot verify user is non-root"
        )


def resources(wanted: Object) -> Resources:
    requests, limits = wanted.get("requests") or {}, wanted.get("limits") or {}
    return Resources(
        cpu_request=quantities.milli(requests["cpu"]) if "cpu" in requests else 0,
        cpu_limit=quantities.milli(limits["cpu"]) if "cpu" in limits else 0,
        memory_limit=quantities.whole(limits["memory"]) if "memory" in limits else 0,
    )
