"""The array types of the pure modules."""

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def int64s(length: int) -> Int64s:
    """An uninitialised array of 64-bit integers."""
    return np.empty(length, dtype=np.int64)
