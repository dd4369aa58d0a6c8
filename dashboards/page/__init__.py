"""The live page: the dashboard "Launch" in a browser, pushed to every viewer.

One way: ``choice`` (what a viewer asks for, checked) → ``rounds`` (each panel's query, asked once for all who chose the
same) → ``viewers`` (who gets the answer) → ``server`` (HTTP and WebSocket), which serves ``document`` (the page, made of
the declared panels) and ``static/`` (how a browser draws them). ``standstill`` tells when nothing is being counted.
"""
