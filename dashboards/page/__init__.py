"""The live page: the dashboard "Launch" in a browser, pushed to every viewer.

One way: ``choice`` (what a viewer asks for, checked) → ``source`` (ClickHouse, read-only) → ``numbers`` (each panel's
query) → ``viewers`` (asked once for all who chose the same, and told to them) → ``server`` (HTTP and WebSocket), which
serves ``document`` (the page, made of the declared panels) and ``static/`` (how a browser draws them). ``standstill``
and ``watch`` tell when nothing is being counted.
"""
