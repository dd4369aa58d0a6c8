"""What several test modules share: one real broker for the whole session."""

import os
import signal
from collections.abc import Iterator

import pytest

from deploy.kafka.broker import Broker
from deploy.ports import free_port


def pytest_configure() -> None:
    """Ctrl-C is ignored in the background of a shell, and so by all that tests start there and mean to end by it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Brokers of tests live for seconds: compiling their code well would be half of all the processor time they take.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker; ``kafka.bootstrap`` is its address. Tests use topics and groups of their own names."""
    with Broker(tmp_path_factory.mktemp("kafka"), free_port(), progress=print) as broker:
        yield broker


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with real engines first: they take longest, and what is quick fills the end evenly."""
    items.sort(key=lambda item: item.get_closest_marker("stack") is None)
