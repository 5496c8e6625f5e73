"""The kernel's packet filter: nftables scripts applied in this process."""
