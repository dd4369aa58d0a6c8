"""How fast this counts, next to others that do the same, on one machine in one run: ``python -m benchmarks``.

generate (``vocabulary``, ``generate``, ``truth``) → log (``log``) → contenders (``catalogue``, ``contenders/``, each
in an environment of its own: ``environments``) → measure (``processes``, ``run``) → report (``report``).
"""
