"""Programs that obey file modes, whoever runs the tests: to root every file is writable, and much would go untested."""

from __future__ import annotations

import ctypes
import os
from typing import Final

_PR_CAPBSET_DROP: Final = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def obey_modes() -> None:
    """For `preexec_fn`: the program that is executed next has no right to pass over modes. It stays the same user."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "root cannot be made to obey file modes here")
