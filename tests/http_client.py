"""One client for all plain HTTP of tests: making one reads the machine's certificates, some 40 ms of processor time."""

import httpx

HTTP = httpx.Client(timeout=120, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
"""It keeps no connection to what may be killed."""
