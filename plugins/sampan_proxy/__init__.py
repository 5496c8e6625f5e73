"""The service proxy: nftables maps, or forwarders on loopback."""
