"""What is fixed for a topic, while another worker starts at the same moment."""

from pathlib import Path
from typing import Any

import pytest

from streams import clickhouse, pinned
from streams.errors import GroundswellError
from tests.counting_fixture import Counted

OLD, NEW = "the topic before", "the topic now"


class Racing:
    """A client after each of whose queries another worker pins the topic."""

    def __init__(self, counted: Counted) -> None:
        self._client = clickhouse.connect(counted.settings)
        self._counted = counted

    def query(self, *arguments: Any, **more: Any) -> Any:
        result = self._client.query(*arguments, **more)
        pinned.pin(self._client, NEW, self._counted.settings)
        return result


def test_a_worker_that_pins_a_topic_while_another_looks_is_not_taken_for_another_topic(tmp_path: Path) -> None:
    with Counted(tmp_path) as counted:
        racing: Any = Racing(counted)
        pinned.check_topic(racing, NEW, [], counted.settings)
        client = clickhouse.connect(counted.settings)
        with pytest.raises(GroundswellError, match=f"^Another events.v1 was counted .*{NEW}; this one is {OLD}"):
            pinned.check_topic(client, OLD, [], counted.settings)
        client.close()
