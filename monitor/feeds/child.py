"""A process that reads documents: what one does to its reader, it does to this process only.

An empty frame says that it has begun. Then frames of marshalled documents in, one marshalled answer each out, until
the pipe closes. Before each document the limit on CPU time is moved on; memory is limited once. Only lxml and
selectolax are imported; feedparser when first needed.
"""

from __future__ import annotations

import gc
import marshal
import resource
import signal
import socket
from typing import Any

from monitor.errors import ParseError
from monitor.feeds.frames import LENGTH, pack
from monitor.feeds.parse import parse
from monitor.feeds.raw import Limits


def main(arguments: list[str]) -> None:
    """Reads documents until the pipe closes. arguments: fd, cpu seconds, megabytes, entries, title, summary."""
    fd, cpu_seconds, megabytes, entries, title, summary = (int(a) for a in arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the parent's affair
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000, megabytes * 1_000_000))
    # what was imported stays; without this every collection would look through it again
    gc.freeze()
    limits = Limits(entries=entries, title=title, summary=summary)
    pipe = socket.socket(fileno=fd)
    with pipe.makefile("rwb") as stream:
        stream.write(LENGTH.pack(0))
        stream.flush()
        while True:
            head = stream.read(LENGTH.size)
            if len(head) < LENGTH.size:
                return
            batch = marshal.loads(stream.read(LENGTH.unpack(head)[0]))  # noqa: S302 - from our own parent
            for document in batch:
                _more_cpu(cpu_seconds)
                answer = marshal.dumps(_read(document, limits))
                stream.write(LENGTH.pack(len(answer)) + answer)
                stream.flush()


def _more_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _read(document: tuple[bytes, str, str, bool], limits: Limits) -> tuple[bool, Any]:
    body, url, content_type, truncated = document
    try:
        return True, pack(parse(body, url=url, content_type=content_type, truncated=truncated, limits=limits))
    except ParseError as error:
        return False, (str(error), error.kind)
    except (MemoryError, RecursionError):
        return False, ("the document needs too much memory", "too-big")
    except Exception as error:  # noqa: BLE001 - whatever a document provokes is that feed's error
        return False, (f"cannot be read ({type(error).__name__})", "not-a-feed")


__all__ = ["main"]
