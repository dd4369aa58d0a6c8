"""The fault harness: real engines, real worker processes, faults by seed, and a verdict by other code.

``engines``   one Kafka broker and one ClickHouse that can be killed and started again, emptied for each run
``load``      a seeded producer with a ledger of what the broker acknowledged
``proxy``     our TCP proxy between workers and ClickHouse: refuses, delays, cuts, throttles, rewrites
``worker``    a worker's launcher, which adds failpoints (``failpoints``) and takes guards away (``controls``)
``fleet``     worker processes: started, killed, stopped, continued, replaced
``watch``     looks every second whether a commit is ahead of what is written
``machine``   small disks and shifted clocks, where the machine can give them
``judge``     the verdict: views, account, dead letters and ledger against an independent count of the log
``standing``  the segments in ClickHouse and whose rules stand, against the log
``run``       one run from its seed: time line and verdict
``of_*``      the faults by theme: of workers, engines, the log, time, rules
``catalogue`` the faults by name, the conditions that they run under, the negative controls
``soak``      ``python -m tests.faults.soak``: random faults for as long as asked
"""
