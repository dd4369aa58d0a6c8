"""Refusals: why a record is no event."""

from enum import StrEnum
from typing import Any

from msgspec import Struct


class Reason(StrEnum):
    """Why a record is no event, or no snapshot; stands in the dead letter's header ``exception.class.name``."""

    NULL = "null"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    REGISTRY_FRAMED = "registry_framed"
    BOM = "bom"
    NOT_UTF8 = "not_utf8"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    NOT_OBJECT = "not_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NUL = "nul"
    SURROGATE = "surrogate"
    FUTURE = "future"


class Refusal(Struct, frozen=True):
    """A record that is no event: the reason's class, and a sentence for a person."""

    reason: Reason
    message: str


def json_type(value: Any) -> str:
    """JSON's word for a decoded value's type."""
    if value is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]
