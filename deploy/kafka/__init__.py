"""A real Kafka broker on this machine, with nothing preinstalled.

The walk: ``repositories`` says where jars come from, ``jars`` fetches and verifies them, ``storage`` is the folder
with the broker's data, ``config`` is how the broker is set, ``broker`` starts and stops it.
"""
