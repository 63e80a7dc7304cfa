"""Compressed bodies, expanded within limits that hold at every step."""

from __future__ import annotations

import zlib

_GZIP = b"\x1f\x8b"
_FREE = 1_000_000
_STEP = 262_144


class BombError(Exception):
    """More came out than may."""


class StackedError(Exception):
    """More than one encoding, or one that was not asked for."""


class Inflater:
    """Wire bytes in, body bytes out. Never makes more than a step beyond `limit`, nor beyond `ratio` times the wire."""

    def __init__(self, encoding: str, *, limit: int, ratio: int) -> None:
        """encoding: the Content-Encoding header. Raises StackedError."""
        names = [name for part in encoding.lower().split(",") if (name := part.strip()) and name != "identity"]
        if len(names) > 1:
            raise StackedError(f"stacked encodings ({', '.join(names)[:60]})")
        if names and names[0] not in ("gzip", "x-gzip", "deflate"):
            raise StackedError(f"encoding {names[0][:30]}, which was not asked for")
        self._kind = names[0] if names else ""
        self._limit = limit
        self._ratio = ratio
        self._wire = 0
        self._out = bytearray()
        self._engine: zlib._Decompress | None = None
        self._first = True

    def __len__(self) -> int:
        """Bytes of body so far."""
        return len(self._out)

    def feed(self, chunk: bytes) -> None:
        """Raises BombError, zlib.error."""
        self._wire += len(chunk)
        if self._first and chunk:
            self._first = False
            self._begin(chunk)
        if self._engine is None:
            self._add(chunk)
        else:
            self._expand(chunk)

    def end(self) -> bytes:
        """The whole body. Whatever an unfinished stream gave is there; `unfinished` tells."""
        if self._engine is not None and not self._engine.eof:
            self._add(self._engine.flush(_STEP))
        return bytes(self._out)

    @property
    def unfinished(self) -> bool:
        """The compressed stream has no end."""
        return self._engine is not None and not self._engine.eof and bool(self._out)

    def _begin(self, chunk: bytes) -> None:
        # gzip without a header that says so, and a header that says so without gzip: the first bytes decide
        if chunk[:2] == _GZIP:
            self._engine = zlib.decompressobj(wbits=31)
        elif self._kind == "deflate":
            zlib_header = len(chunk) > 1 and chunk[0] & 15 == 8 and (chunk[0] << 8 | chunk[1]) % 31 == 0
            self._engine = zlib.decompressobj(wbits=15 if zlib_header else -15)

    def _expand(self, chunk: bytes) -> None:
        engine = self._engine
        while chunk and engine is not None:
            if engine.eof:
                if chunk[:2] != _GZIP:
                    return  # rubbish behind the end is what every reader ignores
                engine = self._engine = zlib.decompressobj(wbits=31)
            self._add(engine.decompress(chunk, _STEP))
            chunk = engine.unconsumed_tail or engine.unused_data

    def _add(self, data: bytes) -> None:
        size = len(self._out) + len(data)
        if size > self._limit:
            raise BombError(f"body too large after decompression (limit {self._limit // 1_000_000} MB)")
        if self._engine is not None and size > _FREE and size > self._wire * self._ratio:
            raise BombError(f"compressed more than {self._ratio} to 1: a decompression bomb")
        self._out += data


__all__ = ["BombError", "Inflater", "StackedError"]
