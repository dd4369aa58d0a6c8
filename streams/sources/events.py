"""The format ``events``: our own JSON, one event a line, exactly as it would stand on ``events.v1``."""

import msgspec

from schemas.event import Event
from streams.decode import decode
from streams.sources.outcome import Refused

_encoder = msgspec.json.Encoder()


def convert(line: bytes, now_ms: int) -> Event | Refused:
    """The event in ``line``, by the very rules that the worker will read it by at ``now_ms``."""
    decoded = decode((line,), (now_ms,), ((),))
    if decoded.events:
        return decoded.events[0]
    refusal = decoded.refused[0][1]
    return Refused(refusal.reason, refusal.message)


def validated(event: Event, now_ms: int) -> Event | Refused:
    """``event``, or why the worker would refuse it: for formats that build one of somebody else's fields."""
    try:
        encoded = _encoder.encode(event)
    except UnicodeEncodeError:
        return Refused("surrogate", "a text has a lone surrogate")
    return convert(encoded, now_ms)
