"""What is freed goes back to the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.memory import give_back, keep_few_heaps

PROGRAM = """
import ctypes, re
from monitor.memory import give_back

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1000

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
before = resident()
blocks = [libc.malloc(60_000) for _ in range(2000)]
for block in blocks:
    ctypes.memset(ctypes.c_void_p(block), 1, 60_000)
held = resident()
for block in blocks[:-1]:  # the last one stays and pins the top of the heap
    libc.free(block)
give_back()
print(held - before > 100, resident() - before < 20)
"""


@pytest.mark.skipif(not give_back() and not keep_few_heaps(), reason="another C library than glibc")
def test_what_is_freed_goes_back_although_the_heap_s_top_is_in_use() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True"]
