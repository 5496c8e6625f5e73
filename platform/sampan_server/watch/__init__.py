"""WATCH: what a watcher is shown, and how it reaches the socket."""
