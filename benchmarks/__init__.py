"""How fast this counts, next to others that do the same, on one machine in one run: ``python -m benchmarks``.

generate (``vocabulary``, ``generate``, ``truth``) → log (``log``, ``topic``) → contenders (``catalogue``,
``contenders/``, each in an environment of its own: ``environments``) → measure (``processes``, ``once``, ``run``) →
report (``report``, ``readme``).

Of Groundswell alone (``product``): ``latency`` from an event produced (``batches``, ``load``) to its count seen
(``probes``, ``loading``), ``growth`` of what it costs with what is counted, ``stages`` of a worker's processor time;
``projection`` tells how far off projections are, on generated ``launches``.
"""
