"""ClickHouse's engine in this process, behind ClickHouse's HTTP interface.

A request walks: ``server`` (HTTP) → ``request`` (user, settings, body, external tables) → ``statement`` (what the SQL
is) → ``readonly`` (what a reader may say) → ``execution``, on a connection of ``engine`` or a session of ``sessions``
→ ``reply`` and back through ``server``.
"""
