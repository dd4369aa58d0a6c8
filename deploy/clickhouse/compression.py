"""Compressed bodies, both ways: lz4, zstd, gzip and deflate, as streams."""

import zlib
from collections.abc import AsyncIterator
from typing import Any, Protocol

import lz4.frame
import zstandard

from deploy.clickhouse.errors import CANNOT_DECOMPRESS, NOT_IMPLEMENTED, ServerError


class _Decoder(Protocol):
    """What the decoders have in common: one frame, and what follows it."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class Encoder(Protocol):
    """Turns pieces into one compressed stream."""

    def compress(self, data: bytes | memoryview, /) -> bytes:
        """What of the stream is ready."""
        ...

    def flush(self) -> bytes:
        """The rest of the stream."""
        ...


class _Lz4Encoder:
    def __init__(self) -> None:
        self._frame: Any = lz4.frame.LZ4FrameCompressor()
        self._begin: bytes = self._frame.begin()

    def compress(self, data: bytes | memoryview, /) -> bytes:
        begin, self._begin = self._begin, b""
        return begin + bytes(self._frame.compress(data))

    def flush(self) -> bytes:
        return self._begin + bytes(self._frame.flush())


def choose_encoding(accepted: str) -> str:
    """The cheapest encoding that an ``Accept-Encoding`` allows, ``''`` for none."""
    allowed = set()
    for part in accepted.split(","):
        name, _, quality = part.replace(" ", "").lower().partition(";q=")
        if quality.rstrip("0.") or not quality:
            allowed.add(name)
    return next((name for name in ("lz4", "zstd", "gzip", "deflate") if name in allowed), "")


def encoder(encoding: str) -> Encoder:
    """An encoder for one of the encodings that ``choose_encoding`` gives."""
    made: Any
    match encoding:
        case "lz4":
            made = _Lz4Encoder()
        case "zstd":
            made = zstandard.ZstdCompressor(level=1).compressobj()
        case "gzip":
            made = zlib.compressobj(1, wbits=31)
        case _:
            made = zlib.compressobj(1)
    chosen: Encoder = made
    return chosen


def _decoder(encoding: str) -> _Decoder:
    made: Any
    match encoding:
        case "lz4":
            made = lz4.frame.LZ4FrameDecompressor()
        case "zstd":
            made = zstandard.ZstdDecompressor().decompressobj()
        case "gzip":
            made = zlib.decompressobj(31)
        case "deflate":
            made = zlib.decompressobj()
        case _:
            message = f"Content-Encoding {encoding} is not supported here: use lz4, zstd, gzip or deflate."
            raise ServerError(NOT_IMPLEMENTED, message)
    chosen: _Decoder = made
    return chosen


async def decompressed(body: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The plain bytes of a body; frames one after another are one body, and half a frame is a ``ServerError``."""
    if encoding in {"", "identity"}:
        async for chunk in body:
            yield chunk
        return
    decoder = _decoder(encoding)
    started = False
    try:
        async for chunk in body:
            rest = chunk
            while rest:
                if decoder.eof:
                    decoder = _decoder(encoding)
                yield decoder.decompress(rest)
                started = True
                rest = (decoder.unused_data or b"") if decoder.eof else b""
    except (zlib.error, zstandard.ZstdError, RuntimeError, EOFError) as error:
        raise ServerError(CANNOT_DECOMPRESS, f"Cannot decompress the request's body: {error}.") from error
    if started and not decoder.eof:
        raise ServerError(CANNOT_DECOMPRESS, "Cannot decompress the request's body: it ends in the middle.")
