"""Faults of the engines: Kafka and ClickHouse refuse, are slow, full, killed, away for long."""

import signal
import time

from tests.faults.load import old_events
from tests.faults.proxy import Harm
from tests.faults.run import Run
from tests.stack_fixture import eventually

_LOOK_EVERY_S = 0.2


def broker(run: Run, scale: float = 1) -> None:
    """Rows 9 and 11: the broker is killed under load, is away, and comes back."""
    run.load.begin(run.load.more(int(2500 * scale)), per_s=250)
    run.wait_until_working()
    for _ in range(max(1, round(scale))):
        if run.rng.random() < 0.7:
            run.engines.kill_broker()
            run.say("the broker is killed")
            time.sleep(run.rng.uniform(0, 3 * scale))
            run.engines.start_broker()
        else:
            run.engines.signal_broker(signal.SIGSTOP)
            run.say("the broker is stopped")
            time.sleep(run.rng.uniform(2, 12))
            run.engines.signal_broker(signal.SIGCONT)
        run.say("the broker is back")
        time.sleep(3)


def clickhouse_answers(run: Run, scale: float = 1) -> None:
    """Rows 4, 5 and 12 to 15: ClickHouse refuses, is slow, breaks off, errs in every way; each while load goes on."""
    run.load.begin(run.load.more(int(5000 * scale)), per_s=150)
    run.wait_until_working()
    proxy = run.engines.proxy
    for harm in run.rng.sample(list(Harm), len(Harm)) * max(1, round(scale / 3)):
        before = proxy.harmed.get(harm, 0)
        proxy.harm(harm, share=0.6, seed=run.rng.randrange(2**31))
        while run.load.sending() and proxy.harmed.get(harm, 0) < before + 3:
            time.sleep(_LOOK_EVERY_S)
        run.say(f"{proxy.harmed.get(harm, 0) - before} times: {harm}")
    proxy.heal()


def clickhouse_kill(run: Run, scale: float = 1) -> None:
    """Rows 6 and 16: ClickHouse is killed while it takes inserts of 120 days and merges them, and comes back."""
    days = old_events(int(1500 * scale), 120, time.time_ns() // 1_000_000)
    run.load.begin(run.load.more(int(1500 * scale)), per_s=200)
    run.wait_until_working()
    for index in range(max(1, round(scale))):
        run.load.send(days[index::2], batch=1500)
        time.sleep(run.rng.uniform(0.2, 1.5))
        run.engines.kill_clickhouse()
        run.say("ClickHouse is killed")
        time.sleep(run.rng.uniform(0, 2 * scale))
        run.engines.start_clickhouse()
        run.say("ClickHouse is back")
        time.sleep(1)
    run.load.send(days, batch=1500)


def partitions(run: Run, scale: float = 1) -> None:
    """Row 22: the topic grows from 4 to 8 partitions while workers run, one of which is killed."""
    records = run.load.more(int(2500 * scale))
    half = len(records) // 2
    run.load.begin(records[:half], per_s=300)
    run.wait_until_working()
    run.load.join()
    run.engines.add_partitions(8)
    run.say("8 partitions")
    run.load.begin(records[half:], per_s=300)
    run.kill_one()
    run.load.join()


def broker_away(run: Run, scale: float = 1) -> None:
    """Row 10: the broker is away for longer than the group's session, and comes back."""
    run.load.begin(run.load.more(int(2500 * scale)), per_s=250)
    run.wait_until_working()
    run.engines.kill_broker()
    away_s = 30 * scale
    run.say(f"the broker is killed, and away for {away_s:.0f} s")
    time.sleep(away_s)
    run.engines.start_broker()
    run.say("the broker is back")


def broker_full(run: Run, scale: float = 1) -> None:
    """Row 18: Kafka's disk is full, its broker ends of that, and starts again when there is room."""
    run.keep_loading(per_s=150, at_most_s=120 * scale)
    run.wait_until_working()
    for _ in range(max(1, round(scale))):
        run.disk.fill(run.rng.choice((0, 20_000, 200_000)))
        run.say("Kafka's disk is full")
        run.must(run.engines.broker_ends(60), "the broker ends by itself")
        run.engines.kill_broker()
        run.disk.free_up()
        run.engines.start_broker()
        run.say("there is room, and the broker is back")
        time.sleep(3)
    run.load.stop()


def clickhouse_full(run: Run, scale: float = 1) -> None:
    """Row 17: ClickHouse's disk is full; workers wait for room, and none ends."""
    run.keep_loading(per_s=150, at_most_s=120 * scale)
    run.wait_until_working()
    for _ in range(max(2, round(2 * scale))):
        before = run.refused_flushes()
        # Less than what an insert reserves, or so much that it breaks off while it writes.
        run.disk.fill(run.rng.choice((0, 400_000, 2_000_000)))
        run.say("ClickHouse's disk is full")
        run.must(eventually(lambda before=before: run.refused_flushes() > before + 2), "a worker waits")  # type: ignore[misc]  # bound here
        if run.rng.random() < 0.3:
            run.engines.kill_clickhouse()
            run.disk.free_up()
            run.engines.start_clickhouse()
            run.say("ClickHouse was killed, and is back with room")
        else:
            run.disk.free_up()
            run.say("there is room")
        time.sleep(3)
    run.load.stop()
    run.must_have_lived()


def parts(run: Run, scale: float = 1) -> None:
    """Row 19: nothing is merged until ClickHouse refuses rows for too many parts; then it is."""
    run.keep_loading(per_s=150, at_most_s=60 * scale)
    run.wait_until_working()
    with run.engines.few_parts(run.rng.randrange(5, 12)):
        run.say("merges are stopped, and few parts allowed")
        run.must(eventually(lambda: run.refused_flushes() > 2), "a worker waits")
        time.sleep(run.rng.uniform(0, 2) * scale)
    run.say("merges go on")
    time.sleep(2)
    run.load.stop()
    run.must_have_lived()
