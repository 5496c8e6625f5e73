"""PodSpec code that several plugins share: walking containers, defaults, validation, requests.

PodSpec is used in Pods, in every pod template, in the scheduler and in the node agent, so its rules are in a library
below all of them. Pure functions over dicts; nothing here knows a server.
"""
