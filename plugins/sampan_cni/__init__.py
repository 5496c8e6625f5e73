"""The pod network by CNI plugins: the configuration that a CRI runtime runs them by."""
