"""Hairpin mode, for a pod that reaches itself through its Service: a bridge sends no frame out of the port it came in
by unless the port has hairpin mode.

Where bridged frames pass the packet filter (br_netfilter) the new destination is chosen while the frame is still on the
bridge, so a pod's request to its own Service would be lost. Knows Linux's sysfs.
"""

from __future__ import annotations

import logging
from pathlib import Path

log = logging.getLogger(__name__)

PORTS = "docker0/brif/*/hairpin_mode"
OWN_PORTS = "sn*/brif/*/hairpin_mode"  # of bridges of clusters whose pods other nodes reach


def allow(root: str = "/sys/class/net") -> int:
    """Let every port of pods' bridges send back; returns how many had to be told."""
    told = 0
    for switch in (*Path(root).glob(PORTS), *Path(root).glob(OWN_PORTS)):
        try:
            if switch.read_text().strip() == "0":
                switch.write_text("1\n")
                told += 1
        except OSError as error:  # the container has just gone, or sysfs is read-only
            log.debug("%s cannot be switched on: %s", switch, error)
    return told
