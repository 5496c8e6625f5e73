"""Services made reachable: nftables maps, or forwarders on loopback."""
