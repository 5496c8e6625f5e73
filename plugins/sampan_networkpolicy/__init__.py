"""NetworkPolicies enforced on a node, by nftables."""
