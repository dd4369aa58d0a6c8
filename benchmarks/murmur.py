"""Kafka's murmur2 over many keys at once, in numpy: the hash by which a key's partition is chosen."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_SEED = np.uint32(0x9747B28C)
_FACTOR = np.uint32(0x5BD1E995)
_WORD_BYTES = 4


def murmur2(keys: Sequence[bytes]) -> npt.NDArray[np.uint32]:
    """The hash of each key, unsigned."""
    lengths = np.fromiter(map(len, keys), dtype=np.int64, count=len(keys))
    hashes = np.empty(len(keys), dtype=np.uint32)
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        joined = b"".join([keys[place] for place in places.tolist()])
        hashes[places] = _of_one_length(np.frombuffer(joined, dtype=np.uint8).reshape(len(places), int(length)))
    return hashes


def _of_one_length(keys: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    count, length = keys.shape
    whole = length - length % _WORD_BYTES
    result = np.full(count, _SEED ^ np.uint32(length), dtype=np.uint32)
    words = np.ascontiguousarray(keys[:, :whole]).view("<u4")
    for index in range(words.shape[1]):
        word = words[:, index] * _FACTOR
        word ^= word >> np.uint32(24)
        result = (result * _FACTOR) ^ (word * _FACTOR)
    if whole < length:
        for place in range(whole, length):
            result ^= keys[:, place].astype(np.uint32) << np.uint32(8 * (place - whole))
        result *= _FACTOR
    result ^= result >> np.uint32(13)
    result *= _FACTOR
    result ^= result >> np.uint32(15)
    return result
