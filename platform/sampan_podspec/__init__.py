"""What every plugin that deals in pods shares: walking containers, defaults, validation, requests.

PodSpec stands in Pods, in every template, before the scheduler and in the node agent; so its rules live here,
below them all. Pure functions over dicts; nothing here knows a server.
"""
