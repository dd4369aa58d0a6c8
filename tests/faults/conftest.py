"""The engines that all runs of a test session share."""

from collections.abc import Iterator

import pytest

from tests.faults.engines import Engines

# Segments so short that every fault meets many of their edges, and a horizon that some repetitions lie beyond.
SEGMENT_RECORDS = 128
HORIZON_RECORDS = 1000


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with Engines(tmp_path_factory.mktemp("faults"), SEGMENT_RECORDS, HORIZON_RECORDS) as running:
        yield running
