"""Memory that the C library keeps for later, given back to the machine.

glibc keeps what a program frees, by thread, in case it is wanted again. Understanding a batch of entries takes some
70 MB that the daemon does not need until the next batch, which on a quiet night is hours later.
With another C library than glibc nothing happens.
"""

from __future__ import annotations

import ctypes
from typing import Final

_M_ARENA_MAX: Final = -8
#: heaps of a process; by default glibc makes eight for each core, and each keeps what it once held
ARENAS: Final = 2


def keep_few_heaps(count: int = ARENAS) -> bool:
    """From now on the threads of this process share so many heaps. Call it before they begin. False: no glibc."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, count))
    except (OSError, AttributeError):
        return False


def give_back() -> bool:
    """Gives freed memory back; whether there was any. Takes milliseconds; other threads may go on."""
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError):
        return False
