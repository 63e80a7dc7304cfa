"""Who stands behind a publisher, and how many tell a story independently. Pure.

Outlets of one owner count once, and so do copies: reprints of a press release, texts of an agency, near-identical
texts. An aggregator that only points to others counts for nothing where anybody else tells the story.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: outlets of one owner, by registrable domain
OWNERS: Final[dict[str, tuple[str, ...]]] = {
    "Conde Nast": ("wired.com", "arstechnica.com", "newyorker.com", "vanityfair.com", "vogue.com"),
    "Ziff Davis": ("cnet.com", "zdnet.com", "pcmag.com", "mashable.com", "ign.com", "everydayhealth.com",
        "lifehacker.com"),
    "Vox Media": ("theverge.com", "vox.com", "polygon.com", "nymag.com"),
    "News Corp": ("wsj.com", "marketwatch.com", "barrons.com", "nypost.com", "thetimes.co.uk", "thesun.co.uk",
        "theaustralian.com.au"),
    "Future": ("techradar.com", "tomshardware.com", "tomsguide.com", "pcgamer.com", "itpro.com",
        "creativebloq.com", "livescience.com",
               "space.com", "laptopmag.com", "windowscentral.com", "androidcentral.com", "imore.com"),
    "Valnet": ("androidpolice.com", "makeuseof.com", "xda-developers.com", "howtogeek.com", "pocket-lint.com"),
    "Axel Springer": ("businessinsider.com", "politico.com", "politico.eu", "welt.de", "bild.de", "emarketer.com",
        "morningbrew.com"),
    "Yahoo": ("yahoo.com", "engadget.com", "aol.com"),
    "Regent": ("techcrunch.com", "foundryco.com", "pcworld.com", "macworld.com", "computerworld.com",
        "infoworld.com", "cio.com",
               "networkworld.com", "csoonline.com"),
    "Keleops": ("gizmodo.com", "kotaku.com", "01net.com"),
    "Nikkei": ("ft.com", "nikkei.com", "sifted.eu", "thenextweb.com"),
    "Versant": ("cnbc.com", "msnbc.com"),
    "Comcast": ("nbcnews.com", "sky.com"),
    "Thomson Reuters": ("reuters.com",),
    "Bloomberg": ("bloomberg.com", "bloomberglaw.com", "bnnbloomberg.ca"),
    "Advance": ("reddit.com",),
    "Times Group": ("indiatimes.com", "economictimes.com", "timesofindia.com"),
    "Network18": ("moneycontrol.com", "cnbctv18.com", "firstpost.com", "news18.com"),
    "Living Media": ("indiatoday.in", "businesstoday.in", "aajtak.in"),
    "HT Media": ("livemint.com", "hindustantimes.com", "vccircle.com"),
    "Informa TechTarget": ("techtarget.com", "aibusiness.com", "darkreading.com", "lightreading.com",
        "computerweekly.com", "informationweek.com"),
    "Industry Dive": ("ciodive.com", "utilitydive.com", "retaildive.com", "bankingdive.com"),
    "Guardian Media Group": ("theguardian.com", "guardian.co.uk"),
    "Fortune Media": ("fortune.com",),
    "Time": ("time.com",),
    "Alibaba": ("scmp.com", "alizila.com"),
    "36Kr": ("36kr.com", "kr-asia.com", "36kr.jp"),
    "Heise": ("heise.de", "t3n.de", "techstage.de"),
    "Holtzbrinck": ("zeit.de", "handelsblatt.com", "wiwo.de", "nature.com", "scientificamerican.com",
        "gruenderszene.de"),
    "Le Monde": ("lemonde.fr", "nouvelobs.com", "telerama.fr", "huffingtonpost.fr"),
    "Prisa": ("elpais.com", "cincodias.com", "as.com"),
    "Unidad Editorial": ("elmundo.es", "expansion.com", "marca.com"),
    "ITmedia": ("itmedia.co.jp", "atmarkit.co.jp"),
    "Impress": ("impress.co.jp", "pc.watch"),
    "Situation Publishing": ("theregister.com", "theregister.co.uk", "devclass.com", "nextplatform.com",
        "blocksandfiles.com"),
    "VentureBeat": ("venturebeat.com", "gamesbeat.com"),
    "Crunchbase": ("crunchbase.com",),
    "Google": ("google.com", "blog.google", "deepmind.google", "googleblog.com", "deepmind.com", "withgoogle.com"),
    "Microsoft": ("microsoft.com", "github.blog", "github.com", "linkedin.com", "azure.com"),
    "Amazon": ("amazon.com", "amazon.science", "aboutamazon.com", "awsstatic.com"),
    "Meta": ("fb.com", "meta.com", "facebook.com", "ai.meta.com"),
    "OpenAI": ("openai.com",),
    "Anthropic": ("anthropic.com", "claude.com", "claude.ai"),
    "NVIDIA": ("nvidia.com", "nvidianews.com"),
    "Apple": ("apple.com",),
    "IBM": ("ibm.com", "redhat.com"),
    "Alibaba Cloud": ("alibabacloud.com", "qwen.ai", "qwenlm.ai"),
}  # fmt: skip
#: they point to what others tell
AGGREGATORS: Final = frozenset(
    {"techmeme.com", "ycombinator.com", "google.com/news", "news.google.com", "slashdot.org", "reddit.com",
    "lobste.rs", "msn.com",
     "flipboard.com", "smartnews.com", "feedly.com", "newsbreak.com", "readhub.cn", "hckrnews.com", "buzzing.cc",
     "solidot.org",
     "producthunt.com", "memeorandum.com", "tldr.tech"}
)  # fmt: skip
#: they print what the parties write
WIRES: Final = frozenset(
    {"prnewswire.com", "businesswire.com", "globenewswire.com", "accesswire.com", "einpresswire.com",
    "newswire.com", "prweb.com",
     "newsfilecorp.com", "presseportal.de", "prtimes.jp", "openpr.com", "issuewire.com", "acnnewswire.com",
     "media-outreach.com"}
)  # fmt: skip
_AGENCY: Final = re.compile(
    r"\((reuters|ap|afp|dpa|pti|ani|ians|xinhua|kyodo|bloomberg|dow jones)\)|"
    r"\b(?:by|source:|via) (reuters|the associated press|associated press|afp|pti)\b|^(reuters|ap|afp|pti|"
    r"dpa)\s*[-–—:]",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\w+")
_OWNER_OF: Final = {domain: owner for owner, domains in OWNERS.items() for domain in domains}
#: two texts with so much of their word triples in common are one text
COPY: Final = 0.6
#: titles shorter than this may be equal by chance
LONG: Final = 6
#: entries of a story whose texts are compared with each other
COMPARED: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What independence is judged by: who, and the words."""

    publisher: str
    title: str
    summary: str
    #: 0: an aggregator's feed
    authority: int = 1


def owner_of(publisher: str) -> str:
    """The owner of a publisher's registrable domain; the publisher itself where no owner is known."""
    name = publisher.lower().removeprefix("www.")
    while name:
        if name in _OWNER_OF:
            return _OWNER_OF[name]
        _, _, rest = name.partition(".")
        if "." not in rest:
            break
        name = rest
    return publisher.lower()


def is_aggregator(telling: Telling) -> bool:
    """It points to what others tell."""
    return telling.publisher.lower().removeprefix("www.") in AGGREGATORS


def is_release(publisher: str) -> bool:
    """A wire that prints what the parties write."""
    return publisher.lower().removeprefix("www.") in WIRES


def count_independent(tellings: Sequence[Telling]) -> int:
    """How many tell it independently: at least 1 if anybody does."""
    if not tellings:
        return 0
    groups = _Groups(len(tellings))
    seen: dict[str, int] = {}
    shingles: list[frozenset[tuple[str, ...]]] = []
    for number, telling in enumerate(tellings):
        for key in _keys(telling):
            groups.join(number, seen.setdefault(key, number))
        shingles.append(_shingles(telling) if number < COMPARED else frozenset())
    for one in range(len(shingles)):
        for other in range(one):
            if groups.root(one) != groups.root(other) and _copies(shingles[one], shingles[other]):
                groups.join(one, other)
    roots = {groups.root(number) for number, telling in enumerate(tellings) if not is_aggregator(telling)}
    return max(1, len(roots))


def _keys(telling: Telling) -> list[str]:
    """Whoever shares one of these is not independent of the other."""
    keys = [f"owner {owner_of(telling.publisher)}"]
    if is_release(telling.publisher):
        keys.append("release")
    found = _AGENCY.search(telling.summary) or _AGENCY.search(telling.title)
    if found:
        agency = next(group for group in found.groups() if group).lower()
        keys.append(f"owner {_AGENCIES.get(agency, agency)}")
    words = tuple(_WORD.findall(telling.title.lower()))
    if len(words) >= LONG:
        keys.append(f"title {' '.join(words)}")
    return keys


_AGENCIES: Final = {
    "reuters": "Thomson Reuters",
    "bloomberg": "Bloomberg",
    "dow jones": "News Corp",
    "the associated press": "ap",
    "associated press": "ap",
}


def _shingles(telling: Telling) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(f"{telling.title} {telling.summary}".lower())[:120]
    return frozenset(zip(words, words[1:], words[2:], strict=False)) if len(words) >= LONG + 2 else frozenset()


def _copies(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    if not one or not other:
        return False
    return len(one & other) >= COPY * min(len(one), len(other)) and min(len(one), len(other)) >= LONG


class _Groups:
    """Union of numbers."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        self._parent[self.root(one)] = self.root(other)
