"""The array types of the pure modules."""

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


class _NoPandas:
    """An importer that knows one module, which is not there."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def leave_pandas_out() -> None:
    """Let no library import pandas into this process, which is ours alone.

    Arrow and ClickHouse's driver do where it is installed, to look whether it is asked for: 0.3 s and 40 MB a worker.
    """
    sys.meta_path.insert(0, _NoPandas)


def int64s(length: int) -> Int64s:
    """An uninitialised array of 64-bit integers."""
    return np.empty(length, dtype=np.int64)


def list_column(values: Sequence[list[str] | None]) -> pl.Series:
    """A column of lists of strings, null where there is none; by Arrow, as Polars makes a series of each list."""
    return pl.Series(pa.array(values, type=pa.large_list(pa.large_string())))
