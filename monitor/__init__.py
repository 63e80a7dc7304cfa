"""An AI-industry news monitor: polls feeds, tags launches and deals, keeps them, sends digests."""

from __future__ import annotations

__version__ = "0.1.0"
