"""Memory that the C library or the garbage collector keeps for later, given back to the machine.

glibc keeps what a program frees, by thread, in case it is wanted again. Understanding a batch of entries takes some
70 MB that the daemon does not need until the next batch, which on a quiet night is hours later.
With another C library than glibc nothing happens.
"""

from __future__ import annotations

import gc
from typing import Final

_M_ARENA_MAX: Final = -8
#: New objects after which the garbage collector looks, while a command is short. Python's 700 has it look through all
#: modules again and again as they are imported: a tenth of a command's time.
GARBAGE_AFTER: Final = 50_000
#: heaps of a process; by default glibc makes eight for each core, and each keeps what it once held
ARENAS: Final = 2


def keep_few_heaps(count: int = ARENAS) -> bool:
    """From now on the threads of this process share so many heaps. Call it before they begin. False: no glibc."""
    import ctypes

    try:
        return bool(ctypes.CDLL(None).mallopt(_M_ARENA_MAX, count))
    except (OSError, AttributeError):
        return False


def give_back() -> bool:
    """Gives freed memory back; whether there was any. Takes milliseconds; other threads may go on."""
    import ctypes

    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError):
        return False


def seldom_look_for_garbage() -> None:
    """For a command that imports much, works for a moment and ends: what it leaves behind goes with it."""
    gc.set_threshold(GARBAGE_AFTER, 10, 10)


def look_for_garbage_as_usual() -> None:
    """For a program that stays. What is there by now, modules above all, stays too and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 10)
