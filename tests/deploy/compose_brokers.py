"""Kafka's services of docker-compose.yml as processes on this machine: their environment, as the image reads it."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.children import Child
from deploy.kafka import jars
from deploy.kafka.config import java_command
from deploy.ports import free_port
from tests.deploy import compose

_WAIT_S = 120.0
_OF_THE_JVM = {"KAFKA_HEAP_OPTS"}


def properties(environment: Mapping[str, str]) -> dict[str, str]:
    """The broker's properties: the image makes `foo.bar` of each `KAFKA_FOO_BAR` that is not the JVM's."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in _OF_THE_JVM
    }


class Brokers:
    """The services that start with these variables; entered once each answers. Data and logs are in ``folder``."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        found = compose.services(variables)
        self.names = [
            name
            for name, service in found.items()
            if name.startswith("kafka-") and set(service.get("profiles", ())) <= {variables.get("COMPOSE_PROFILES", "")}
        ]
        self.asked = found["worker"]["environment"]["GROUNDSWELL_KAFKA_BOOTSTRAP"]
        self.environments = {name: found[name]["environment"] for name in self.names}
        self._folder = folder
        # Compose's network in small: each name and port is one of 127.0.0.1's.
        self._here = {
            f"{name}:{port}": f"127.0.0.1:{free_port()}" for name in self.names for port in ("9092", "9093", "19092")
        }
        self.children: dict[str, Child] = {}

    @property
    def bootstrap(self) -> str:
        """Where clients in the stack find the brokers."""
        return self._translated(self.asked)

    def address(self, name: str) -> str:
        """Where a broker listens to the stack's clients."""
        return self._here[f"{name}:9092"]

    def _translated(self, text: str) -> str:
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text

    def __enter__(self) -> Self:
        try:
            self._format()
            for name in self.names:
                self.children[name] = self._java(name, "java", ["kafka.Kafka", str(self._properties(name))])
                self.children[name].start()
            for name in self.names:
                self.children[name].wait_ready(lambda name=name: self._answers(name), _WAIT_S)  # type: ignore[misc]  # bound here
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends all, at once: with a quorum's majority gone, a controlled shutdown would wait in vain."""
        for child in self.children.values():
            child.stop(0)

    def _format(self) -> None:
        formatting = []
        for name in self.names:
            (self._folder / name / "tmp").mkdir(parents=True)
            self._write_properties(name)
            cluster = f"--cluster-id={self.environments[name]['CLUSTER_ID']}"
            main = ["kafka.tools.StorageTool", "format", cluster, "-c", str(self._properties(name))]
            formatting.append(self._java(name, "format", main))
            formatting[-1].start()
        for child in formatting:
            assert child.wait(_WAIT_S) == 0, child.last_words()

    def _properties(self, name: str) -> Path:
        return self._folder / name / "server.properties"

    def _write_properties(self, name: str) -> None:
        found = properties(self.environments[name])
        # A container has addresses of its own; here ports alone tell one listener from another.
        host = found["advertised.listeners"].rsplit(":", 1)[1]
        found["listeners"] = found["listeners"].replace("//:", f"//{name}:").replace(f":{host}", ":19092")
        found["advertised.listeners"] = found["advertised.listeners"].replace(f"127.0.0.1:{host}", f"{name}:19092")
        found["log.dirs"] = str(self._folder / name / "data")
        lines = [f"{key}={self._translated(value)}\n" for key, value in found.items()]
        self._properties(name).write_text("".join(lines), encoding="utf-8")

    def _java(self, name: str, what: str, main: list[str]) -> Child:
        folder = self._folder / name
        command = java_command(jars.class_path(print), folder / "kafka.log", folder / "tmp", [], main)
        return Child(name, command, log=folder / f"{what}.out")

    def _answers(self, name: str) -> bool:
        try:
            client = KafkaAdminClient(bootstrap_servers=self.address(name), bootstrap_timeout_ms=2000)
            try:
                return len(client.describe_cluster()["brokers"]) == len(self.names)
            finally:
                client.close()
        except (KafkaError, OSError):
            return False
