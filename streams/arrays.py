"""The array types of the pure modules."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def int64s(length: int) -> Int64s:
    """An uninitialised array of 64-bit integers."""
    return np.empty(length, dtype=np.int64)


def list_column(values: Sequence[list[str] | None]) -> pl.Series:
    """A column of lists of strings, null where there is none; by Arrow, as Polars makes a series of each list."""
    return pl.Series(pa.array(values, type=pa.large_list(pa.large_string())))
