"""The records that cross a stage border. Standard library only.

All are frozen. Every datetime is aware and UTC. Money is Decimal with an ISO currency, never float.
A ``...Draft`` has no database id yet; what has one is stored. Texts in ParsedEntry and later are plain
text, already cleaned at the boundary (no markup, control characters, bidi overrides, lone surrogates);
links are http(s) or None.
"""

from __future__ import annotations

from monitor.types.collecting import (
    EntryChange,
    EntryDraft,
    FeedState,
    Fetched,
    KnownEntry,
    NotModified,
    ParsedEntry,
    ParsedFeed,
    PollOutcome,
)
from monitor.types.delivering import (
    Delivery,
    DeliveryDraft,
    Digest,
    FeedTrouble,
    Part,
    RankedStory,
    Receipt,
    Section,
)
from monitor.types.specs import (
    AlertSpec,
    ChannelSpec,
    DigestSpec,
    FeedSpec,
    Secret,
    SectionSpec,
    Selection,
    TopicSpec,
)
from monitor.types.understanding import (
    Amount,
    Classification,
    Development,
    Entry,
    Evidence,
    Fact,
    LedgerRecord,
    MatchDecision,
    Span,
    Story,
    StoryMember,
    StoryUpdate,
    encoder_of,
)
from monitor.types.vocabulary import (
    DeliveryState,
    DevelopmentKind,
    Role,
    Status,
    Tag,
)

__all__ = [
    "AlertSpec",
    "Amount",
    "ChannelSpec",
    "Classification",
    "Delivery",
    "DeliveryDraft",
    "DeliveryState",
    "Development",
    "DevelopmentKind",
    "Digest",
    "DigestSpec",
    "Entry",
    "EntryChange",
    "EntryDraft",
    "Evidence",
    "Fact",
    "FeedSpec",
    "FeedState",
    "FeedTrouble",
    "Fetched",
    "KnownEntry",
    "LedgerRecord",
    "MatchDecision",
    "NotModified",
    "ParsedEntry",
    "ParsedFeed",
    "Part",
    "PollOutcome",
    "RankedStory",
    "Receipt",
    "Role",
    "Secret",
    "Section",
    "SectionSpec",
    "Selection",
    "Span",
    "Status",
    "Story",
    "StoryMember",
    "StoryUpdate",
    "Tag",
    "TopicSpec",
    "encoder_of",
]
