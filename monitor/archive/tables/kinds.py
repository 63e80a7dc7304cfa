"""The kinds of columns: what goes in is cut, exact and in UTC, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

TITLE_BYTES: Final = 1024
SUMMARY_BYTES: Final = 64 * 1024
NAME_BYTES: Final = 512
URL_BYTES: Final = 4096

#: a hundred trillion dollars in cents; a larger sum is a misreading and is kept at this end. Far below what a signed
#: 64-bit integer holds, so that the sum of hundreds of such misreadings fits, too
MOST_CENTS: Final = 10_000_000_000_000_000


def cap(text: str, limit: int) -> str:
    """The text cut to `limit` bytes of UTF-8, without NULs (PostgreSQL refuses them) and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text if len(text) <= limit else text[:limit]
    encoded = text.encode("utf-8", "ignore")
    return encoded[:limit].decode("utf-8", "ignore")


class Moment(TypeDecorator[datetime]):
    """An aware time, UTC in the database. SQLite drops zones, so a naive one is refused rather than guessed."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Cents(TypeDecorator[Decimal]):
    """USD as whole cents, so that both databases compare and sum it exactly."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None or not value.is_finite():
            return None
        cents = int((value * 100).to_integral_value()) if abs(value) < MOST_CENTS // 100 else MOST_CENTS
        return cents if value >= 0 or cents < 0 else -cents

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-2)


class Exact(TypeDecorator[Decimal]):
    """A decimal as it was read, digit by digit (SQLite would make a float of it)."""

    impl = sa.String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")[:64]

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Words(TypeDecorator[str]):
    """Text cut to a number of bytes."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, limit: int = SUMMARY_BYTES) -> None:
        super().__init__()
        self.limit = limit

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cap(value, self.limit)


class Lexemes(sa.types.UserDefinedType[str]):
    """PostgreSQL's TSVECTOR, without importing its dialect on SQLite."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "TSVECTOR"


#: 64 bits on PostgreSQL; on SQLite only a column declared INTEGER is the row's own id
Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Json = sa.JSON(none_as_null=True)
Key = sa.LargeBinary(16)
Name = Words(NAME_BYTES)
Title = Words(TITLE_BYTES)
Url = Words(URL_BYTES)
