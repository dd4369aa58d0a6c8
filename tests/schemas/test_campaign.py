"""What a pledge brings, against counting one by one."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.campaign import Pledge, Step

steps = st.dictionaries(st.integers(1, 60), st.integers(1, 500), max_size=4).map(
    lambda found: tuple(Step(above, rate) for above, rate in sorted(found.items()))
)


@given(st.integers(0, 80), st.integers(1, 500), steps, st.none() | st.integers(1, 20_000))
def test_a_pledge_brings_what_each_one_brings_up_to_its_cap(
    count: int, rate: int, changes: tuple[Step, ...], cap: int | None
) -> None:
    money = 0
    for number in range(1, count + 1):
        reached = [step.rate for step in changes if number > step.above]
        money += reached[-1] if reached else rate
    if cap is not None:
        money = min(money, cap)
    assert Pledge("p", rate, "EUR", cap=cap, steps=changes).money(count) == money
