"""Alerts: what campaign files declare, evaluated every few seconds by one elected worker.

A round walks: **series** says what is to be counted, **measure** counts it in ClickHouse, **judge** tells whether an
alert holds, **history** reads what was recorded of it before, **episodes** decides what follows (to fire, to resolve,
whom to notify), **history** records that, and **notify** sends. **evaluator** is the round and its thread, **gauges**
the same for Prometheus, whose rule files **prometheus** makes of campaign files.
"""
