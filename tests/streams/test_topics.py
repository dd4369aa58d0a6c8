"""Topics: what is asked again, of a broker that is not yet what it will be."""

from contextlib import nullcontext

import pytest
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    KafkaError,
    NotCoordinatorError,
    UnknownTopicOrPartitionError,
)

from schemas.topics import ALL
from streams import topics
from streams.errors import GroundswellError
from streams.settings import load


@pytest.mark.parametrize(
    "error",
    [CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError],
    ids=lambda e: e.__name__,
)
def test_group_is_asked_again_while_its_coordinator_is_on_its_way(error: type[KafkaError]) -> None:
    answers: list[KafkaError | int] = [error("not yet"), error("not yet"), 7]

    def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    assert topics._once_coordinated(ask) == 7
    assert answers == []


def test_group_that_may_not_be_asked_is_not_asked_again() -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        raise GroupAuthorizationFailedError("no")

    with pytest.raises(GroupAuthorizationFailedError):
        topics._once_coordinated(ask)
    assert asked == [1]


class Cluster:
    """Brokers that know these topics when they are listed."""

    def __init__(self, *known: str) -> None:
        self.known = list(known)

    def list_topics(self) -> list[str]:
        return self.known

    def create_topics(self, new: dict[str, object], *, wait_for_metadata: bool) -> None:
        assert wait_for_metadata
        self.known += new


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[type[Exception]]:
    """What the check meets, one after the other, before it finds the topics as they should be."""
    meets: list[type[Exception]] = []

    def check(*_: object) -> None:
        if meets:
            raise meets.pop(0)("not here")

    monkeypatch.setattr(topics, "check_events_topic", check)
    return meets


def create(monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> list[str]:
    monkeypatch.setattr(topics, "admin", lambda _: nullcontext(cluster))
    return topics.create_topics(load())


def test_topics_that_are_new_are_waited_for_until_whichever_broker_is_asked_knows_them(
    monkeypatch: pytest.MonkeyPatch, asked: list[type[Exception]]
) -> None:
    asked += [topics.MissingTopicError, UnknownTopicOrPartitionError, topics.MissingTopicError]
    assert create(monkeypatch, Cluster()) == [topic.name for topic in ALL]
    assert asked == []


def test_topics_that_are_old_and_not_found_are_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, asked: list[type[Exception]]
) -> None:
    asked += [topics.MissingTopicError, topics.MissingTopicError]
    with pytest.raises(GroundswellError):
        create(monkeypatch, Cluster(*(topic.name for topic in ALL)))
    assert asked == [topics.MissingTopicError]
