"""Topics: what is asked again, of a broker that is not yet what it will be."""

import pytest
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    KafkaError,
    NotCoordinatorError,
)

from streams import topics


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
