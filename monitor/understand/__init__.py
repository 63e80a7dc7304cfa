"""Understand: pending entries to classifications, stories and ledger records. The second of the three loops.

    pending entries of all feeds -> one encoder pass -> topics -> matched one by one -> merged -> one transaction

One serial writer. What is left to do is a column of the archive, so it may be killed at any moment; the matcher's
window is only a memory of the archive, thrown away whenever the two might differ.
"""

from __future__ import annotations

from monitor.understand.growing import Growth
from monitor.understand.parts import (
    DevelopmentOf,
    EntryArchive,
    Member,
    Progress,
    ReadRecords,
    RebuildReport,
    TopicsOf,
    UnderstandReport,
    UnderstandSettings,
    to_member,
)
from monitor.understand.pipeline import Understander

__all__ = [
    "DevelopmentOf",
    "EntryArchive",
    "Growth",
    "Member",
    "Progress",
    "ReadRecords",
    "RebuildReport",
    "TopicsOf",
    "UnderstandReport",
    "UnderstandSettings",
    "Understander",
    "to_member",
]
