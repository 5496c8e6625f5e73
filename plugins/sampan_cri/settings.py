"""The section ``plugins.cri``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    endpoint: str = ""
    """Socket of the CRI runtime, unix:///run/containerd/containerd.sock. Empty: CONTAINER_RUNTIME_ENDPOINT, or the first that answers at containerd's, CRI-O's and cri-dockerd's usual places."""  # noqa: E501  # one line of the table
    log_directory: str = ""
    """Folder for the logs of containers, such as /var/log/pods for log shippers that look there. Empty: one in the agent's home."""  # noqa: E501  # one line of the table
