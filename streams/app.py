"""The composition root: settings to a running worker. It only wires."""

import asyncio
import gc
import logging
import os
import sys
import tempfile
import threading
from typing import Any

import faust
import structlog
from faust.types import TP

from schemas.topics import EVENTS
from streams import (
    clickhouse,
    compactor,
    declare,
    metrics,
    pinned,
    preflight,
    rules,
    snapshot_agent,
    topics,
    transport,
)
from streams.alerts import evaluator
from streams.chunk import Delivery
from streams.errors import CRASHED, FAILED, GroundswellError
from streams.outage import KafkaWatch
from streams.rows import Writer
from streams.settings import Settings
from streams.sink import Sink
from streams.worker import Worker

_IDLE_CHECK_S = 5.0
_KAFKA_CHECK_S = 5.0
_TOPIC_CHECK_S = 5.0
_MEMORY_CHECK_S = 5.0
_STREAM_BUFFER = 4
_YOUNG_OBJECTS = 200_000
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Set for one of several workers: their supervisor serves the metrics of all."""
_LAST_FLUSH_S = 20.0
_STOP_S = 10.0
_CRASH_LOGGERS = ("faust.app.base", "faust.agents.actor", "faust.worker")
_RERAISING = "We experienced a crash!"


def run_worker(settings: Settings) -> None:
    """Run one worker until SIGTERM or SIGINT.

    Raises ``GroundswellError`` when it may not count on, and whatever else made it stop.
    """
    leave_pandas_out()
    ground = preflight.check(settings)
    topic_id = ground.topic.topic_id
    pinned.pin(ground.client, topic_id, settings)
    if MULTIPROCESS not in os.environ:
        metrics.serve(settings.metrics_port, host=settings.metrics_host)
    counting, versions = rules.load(settings)
    declare.declare(ground.client, counting.matcher.campaigns)
    collect_seldom()
    metrics.measure_memory()
    with tempfile.TemporaryDirectory(prefix="groundswell-") as folder:
        app = _app(settings, folder)
        writer = Writer(Sink(ground.client), topic_id, versions)
        worker = Worker(app, counting, writer, settings.max_dead_letter_ratio)
        _register(app, worker, settings, topic_id)
        _register_watches(app, worker, settings, topic_id)
        _register_snapshots(app, worker, settings, ground.topic.partitions)
        compactor.start(settings, lambda: worker.is_assigned(0))
        evaluator.start(settings, counting.matcher.campaigns, lambda: worker.is_assigned(0))
        code = _run(app, settings)
    if worker.failure is not None or code:
        # A topic that was deleted and created again breaks what any log promises: told instead of what it led to.
        topics.check_same(settings, topic_id)
    if worker.failure is not None:
        raise worker.failure
    if code:
        raise RuntimeError(f"Faust ended by itself with exit code {code}")


class _NoPandas:
    """An importer that knows one module, which is not there."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def leave_pandas_out() -> None:
    """Let no library import pandas into this process, which is ours alone.

    Arrow and ClickHouse's driver do where it is installed, to look whether it is asked for: 0.3 s and 40 MB a worker.
    """
    sys.meta_path.insert(0, _NoPandas)


def collect_seldom() -> None:
    """Records and events are in no cycle, yet looking for one among them took half as long as counting them."""
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


def _app(settings: Settings, folder: str) -> faust.App:
    transport.Consumer.topic = EVENTS.name
    transport.Consumer.batch_records = settings.batch_records
    transport.Consumer.horizon_records = settings.horizon_records
    brokers = settings.kafka_bootstrap.split(",")
    ours = [f"{transport.SCHEME}://{broker}" for broker in brokers]
    return faust.App(
        settings.group,
        broker=[f"kafka://{broker}" for broker in brokers],
        broker_consumer=ours,
        broker_producer=ours,
        store="memory://",
        datadir=folder,
        web_enabled=False,
        topic_disable_leader=True,
        stream_buffer_maxsize=_STREAM_BUFFER,
        stream_wait_empty=False,
        broker_commit_interval=1.0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        # Reading may wait for ClickHouse for as long as it takes without leaving the group.
        broker_max_poll_interval=7 * 24 * 3600.0,
        # New partitions are seen within seconds, not minutes.
        consumer_metadata_max_age_ms=10_000,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        producer_max_request_size=32 * 1024 * 1024,
        producer_linger=0.01,
    )


def _register(app: faust.App, worker: Worker, settings: Settings, topic_id: str) -> None:
    events = app.topic(EVENTS.name, value_type=bytes, value_serializer="raw", acks=False)

    @app.agent(events, concurrency=1)
    async def count(stream: Any) -> None:
        checked = -1
        async for delivery in stream:
            message = stream.current_event.message
            async with worker.ending_on_error():
                assert isinstance(delivery, Delivery)
                if delivery.start.assignment != checked:
                    # Before the first record is counted: another topic's offsets mean other records.
                    await asyncio.to_thread(topics.check_same, settings, topic_id)
                    checked = delivery.start.assignment
                await worker.take(TP(message.topic, message.partition), delivery)

    @app.task  # type: ignore[untyped-decorator]  # Faust's
    async def flush() -> None:
        async with worker.ending_on_error():
            await worker.flush_every(settings.flush_interval_s)

    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        worker.drop()

    @app.on_before_shutdown.connect
    async def stopping(*_: Any, **__: Any) -> None:
        if worker.failure is None:
            await asyncio.wait_for(worker.flush(), _LAST_FLUSH_S)
        _end_soon(worker)


def _register_watches(app: faust.App, worker: Worker, settings: Settings, topic_id: str) -> None:
    kafka = KafkaWatch()
    kafka.install()

    @app.task  # type: ignore[untyped-decorator]  # Faust's
    async def watch_kafka() -> None:
        async with worker.ending_on_error():
            await kafka.look_every(_KAFKA_CHECK_S, app, worker.positions)

    @app.task  # type: ignore[untyped-decorator]  # Faust's
    async def watch_topic() -> None:
        # No timer: Faust would log each time that Kafka is away and this takes long.
        async with worker.ending_on_error():
            while not app.should_stop:
                await app.sleep(_TOPIC_CHECK_S)
                await asyncio.to_thread(topics.check_same, settings, topic_id)

    @app.timer(_IDLE_CHECK_S)  # type: ignore[untyped-decorator]  # Faust's
    async def close_idle_segments() -> None:
        await worker.close_idle_segments()

    @app.timer(_MEMORY_CHECK_S)  # type: ignore[untyped-decorator]  # Faust's
    async def measure_memory() -> None:
        metrics.measure_memory()


def _register_snapshots(app: faust.App, worker: Worker, settings: Settings, partitions: int) -> None:
    def is_ours(number: int) -> bool:
        return worker.is_assigned(number % partitions)

    @app.task  # type: ignore[untyped-decorator]  # Faust's
    async def take_snapshots() -> None:
        async with worker.ending_on_error():
            # In a thread with a loop of its own: counting holds this one for a tenth of a second at a time.
            await asyncio.to_thread(snapshot_agent.run, settings, is_ours, lambda: app.should_stop)


def _end_soon(worker: Worker) -> None:
    """End the process should its stop take long: Faust waits without end for a Kafka that is away.

    What is then not committed, and which dead letters are not acknowledged, the partitions' next owner finds out.
    """

    def end() -> None:
        failure = worker.failure
        code = 0 if failure is None else FAILED if isinstance(failure, GroundswellError) else CRASHED
        structlog.get_logger().warning("Kafka does not answer; stopped without telling it", failure=failure, code=code)
        os._exit(code)

    timer = threading.Timer(_STOP_S, end)
    timer.daemon = True
    timer.start()


def _run(app: faust.App, settings: Settings) -> object:
    for name in _CRASH_LOGGERS:
        logging.getLogger(name).addFilter(_is_no_refusal)
    log = structlog.get_logger()
    log.info("worker starts", kafka=settings.kafka_bootstrap, clickhouse=clickhouse.shown(settings))
    try:
        worker = app.Worker(loglevel=logging.WARNING, redirect_stdouts=False, quiet=True)
        worker.spinner = None  # a log is no terminal
        worker.execute_from_commandline()
    except SystemExit as stopped:
        log.info("worker stopped", code=stopped.code)
        return stopped.code


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """False for what Faust logs of a ``GroundswellError``, with tracebacks: the command line says its one sentence."""
    about = record.exc_info[1] if record.exc_info else None
    while about is not None and not isinstance(about, GroundswellError):
        about = about.__context__  # what went wrong for Faust while it dealt with ours
    return about is None and _RERAISING not in record.getMessage()
