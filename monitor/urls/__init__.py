"""Addresses: made canonical for storing, hashed for identity, grouped by host for politeness, masked for people.

`canonical` keeps the order of query parameters, since a link is there to be opened and some servers read them in
order; `link_key` sorts them, since for identity the order says nothing.
"""

from __future__ import annotations

from monitor.urls.hosts import host_key, host_of, registrable_domain
from monitor.urls.masking import masked
from monitor.urls.parts import MAX_URL
from monitor.urls.spelling import canonical, http_url, link_key

__all__ = ["MAX_URL", "canonical", "host_key", "host_of", "http_url", "link_key", "masked", "registrable_domain"]
