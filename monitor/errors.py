"""One tree of errors, each with the exit code that the command line gives it.

MonitorError                     70  (a bug, if nothing more precise is raised)
├── UsageError                    2  wrong arguments
├── NothingFound                  1  nothing matched, or a check found something
├── ConfigError                  78  feeds.yaml or the environment is wrong
├── DataError                    65  input that cannot be read
├── NotFound                     66  no such file, feed, entry, story, digest
├── Unavailable                  69  a service cannot be reached
├── CannotCreate                 73  a file or folder cannot be written
├── TryAgain                     75  locked, or already running
│   └── ToldMeanwhile                another program told a recipient the same meanwhile
├── NotPermitted                 77
├── FeedError                    69  one feed's trouble; carries the feed's id
│   ├── FetchError                   HTTP, DNS, TLS, time, size
│   └── ParseError                   what came is not a feed that can be read
├── ArchiveError                 74  the database
│   ├── ArchiveBusy              75  locked
│   │   └── StoryChanged             another writer changed a story between reading and writing it
│   ├── ArchiveDenied            77  the file or the server may not be used by this user
│   ├── ArchiveMissing           73  no such file, folder or database, and none can be made there
│   ├── ArchiveUnreachable       69  the server cannot be reached
│   └── SchemaOutOfDate          78  older or newer than this program
│       └── ArchiveNew           66  nothing has been collected into it yet
├── ModelError                   69  weights missing or corrupt
└── DeliveryError                69  one delivery's trouble

A message is one line: it names the thing, the cause and the way out.
"""

from __future__ import annotations


class MonitorError(Exception):
    """Base of all errors that the monitor raises on purpose."""

    exit_code = 70


class UsageError(MonitorError):
    exit_code = 2


class NothingFound(MonitorError):
    exit_code = 1


class ConfigError(MonitorError):
    """All mistakes of a configuration at once, one line each."""

    exit_code = 78

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DataError(MonitorError):
    exit_code = 65


class NotFound(MonitorError):
    exit_code = 66


class Unavailable(MonitorError):
    exit_code = 69


class CannotCreate(MonitorError):
    exit_code = 73


class TryAgain(MonitorError):
    exit_code = 75


class ToldMeanwhile(TryAgain):
    """Another program told a recipient the same between the look at what was told and the writing."""


class NotPermitted(MonitorError):
    exit_code = 77


class FeedError(MonitorError):
    """One feed's trouble. Never stops another feed."""

    exit_code = 69

    def __init__(self, message: str, *, feed_id: str = "", kind: str = "error") -> None:
        super().__init__(message)
        self.feed_id = feed_id
        self.kind = kind


class FetchError(FeedError):
    """The document did not arrive.

    kind: dns, refused-address, connect, tls, timeout, http, throttled, too-large, redirect, encoding, gone.
    retry_after: seconds the server asked for, if it did. host_throttled: the host's pause, not the feed's fault.
    host: whose server said so (see urls.host_key), which a redirect makes another than the feed's own.
    """

    def __init__(
        self,
        message: str,
        *,
        feed_id: str = "",
        kind: str = "http",
        status: int | None = None,
        retry_after: float | None = None,
        host_throttled: bool = False,
        host: str = "",
    ) -> None:
        super().__init__(message, feed_id=feed_id, kind=kind)
        self.status = status
        self.retry_after = retry_after
        self.host_throttled = host_throttled
        self.host = host


class ParseError(FeedError):
    """The document arrived and is not a feed that can be read.

    kind: html, challenge, login, empty, truncated, not-a-feed, too-slow, too-big, crashed, encoding.
    """


class ArchiveError(MonitorError):
    exit_code = 74


class ArchiveBusy(ArchiveError):
    exit_code = 75


class StoryChanged(ArchiveBusy):
    """Another writer changed a story while this one read it; nothing was written: read it again."""


class ArchiveDenied(ArchiveError):
    exit_code = 77


class ArchiveMissing(ArchiveError):
    exit_code = 73


class ArchiveUnreachable(ArchiveError):
    exit_code = 69


class SchemaOutOfDate(ArchiveError):
    exit_code = 78


class ArchiveNew(SchemaOutOfDate):
    """There is no archive yet, or nothing of this program is in it."""

    exit_code = 66


class ModelError(MonitorError):
    exit_code = 69


class DeliveryError(MonitorError):
    """One delivery's trouble.

    outcome: "retry" (try again later), "failed" (permanent for this recipient),
    "uncertain" (it may have arrived), "revoked" (the channel itself is switched off).
    """

    exit_code = 69

    def __init__(
        self,
        message: str,
        *,
        outcome: str = "retry",
        code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.code = code
        self.retry_after = retry_after
