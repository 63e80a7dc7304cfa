"""`reader` (PyPI) as a whole program: peer_reader.py DATABASE PORT FEEDS prepare|poll; run by poll.py."""

from __future__ import annotations

import sys

from feedserver import address
from reader import make_reader

database, port, feeds, task = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
reader = make_reader(database)
if task == "prepare":
    for number in range(feeds):
        reader.add_feed(address(number, port))
else:
    reader.update_feeds(workers=10, scheduled=False)
    # scheduled=False: all of them, however lately they were asked
    assert not any(feed.last_exception for feed in reader.get_feeds())
