"""feedparser's names for elements, and what it does with each: the fast path reads by the same table.

feedparser knows an element by the prefix that its namespace usually has (``dc_creator``), by no prefix in the
namespaces of the formats themselves, and by the prefix that the document gives it elsewhere. A name for which it has
a handler, or that it keeps its own state under, is one that the fast path must know about: `HANDLED`. A test holds
that list against feedparser itself.
"""

from __future__ import annotations

import re
from functools import lru_cache

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ATOM = "http://www.w3.org/2005/atom"
#: namespaces, in lower case, that feedparser takes for plain names
_PLAIN = (
    ATOM,
    "http://purl.org/rss/1.0/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://purl.org/rss/1.0/modules/rss091#",
)
_PREFIXES = {
    **dict.fromkeys(_PLAIN, ""),
    "": "",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://search.yahoo.com/mrss/": "media",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://www.georss.org/georss": "georss",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://purl.org/rss/1.0/modules/taxonomy/": "taxo",
    "http://purl.org/rss/1.0/modules/threading/": "thr",
    "http://webns.net/mvcb/": "admin",
    "http://web.resource.org/cc/": "cc",
    "http://creativecommons.org/ns#license": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://backend.userland.com/blogchannelmodule": "blogchannel",
    RDF: "rdf",
}
#: namespaces of feedparser's table that are rare or mean something of their own; whatever stands in them goes to it
_STRANGE = ("backend.userland.com/rss", "example.com/", "purl.org/echo", "purl.org/pie", "purl.org/atom/ns") + (
    *("uri/of/echo", "podlove", "opengis", "mathml", "2000/svg"),
    *("modules/aggregation", "modules/annotate", "media.tangent.org", "modules/company", "my.theinfo.org/changed"),
    *("modules/email", "modules/event", "freshmeat.net/rss", "foaf/0.1", "postneo.com/icbm", "modules/image"),
    *("modules/link", "xml/rss/module", "prismstandard.org", "rdf-schema", "modules/reference", "modules/richequiv"),
    *("modules/search", "xmlsoap.org/soap", "modules/servicestatus", "rss/streaming", "modules/subscription"),
    *("schemas.pocketsoap.com", "modules/textinput", "modules/wiki", "1999/xlink"),
)
#: prefixes under which feedparser has handlers: a document may not declare them for another namespace of its table
_TAKEN = frozenset(("dc", "dcterms", "content", "media", "itunes", "feedburner", "xhtml", "georss", "sy", "rdf", "xml"))
_DECLARED = re.compile(r"xmlns:([^\s=\"'<>/]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")

#: elements with handlers that change nothing an entry or a feed needs, as long as they hold no elements
FLAT = frozenset(
    (
        *("category", "keywords", "cloud", "generator", "enclosure", "copyright", "rights", "subtitle", "tagline"),
        *("created", "expirationdate", "webmaster", "info", "dc_rights", "dc_publisher", "dc_subject"),
        *("dc_contributor", "dcterms_created", "dcterms_valid", "feedburner_browserfriendly", "itunes_subtitle"),
        *("itunes_image", "itunes_link", "itunes_keywords", "itunes_block", "itunes_explicit", "media_category"),
        *("media_keywords", "media_rating", "media_credit", "media_restriction", "media_license", "media_thumbnail"),
        *("media_player", "admin_generatoragent", "admin_errorreportsto", "tags", "cc_license"),
        *("creativecommons_license", "georss_point", "georss_line", "georss_polygon", "georss_box"),
    )
)
#: the other handlers' names, and the keys under which feedparser keeps what it has read
HANDLED = FLAT | frozenset(
    (
        *("title", "link", "description", "guid", "id", "pubdate", "published", "issued", "updated", "modified"),
        *("lastbuilddate", "author", "managingeditor", "contributor", "name", "url", "uri", "homepage", "email"),
        *("summary", "abstract", "content", "body", "fullitem", "content_encoded", "source", "item", "entry", "image"),
        *("textinput", "feed", "channel", "rss", "language", "width", "height", "newlocation", "where"),
        *("dc_author", "dc_creator", "dc_date", "dc_description", "dc_language", "dc_title", "dcterms_issued"),
        *("dcterms_modified", "media_title", "media_description", "media_group", "media_content", "itunes_author"),
        *("itunes_summary", "itunes_name", "itunes_email", "itunes_owner", "itunes_category", "xhtml_body"),
        *(
            "georss_where",
            "georssgeom",
            "geom",
            "psc_chapters",
            "psc_chapter",
            "gml_point",
            "gml_linestring",
            "gml_polygon",
        ),
        *("gml_exterior", "gml_linearring", "gml_pos", "gml_poslist"),
        # keys
        *(
            "links",
            "authors",
            "contributors",
            "publisher",
            "publishers",
            "href",
            "items",
            "entries",
            "date",
            "guidislink",
        ),
        *("expired", "validity", "geometry", "enclosures", "svg", "math"),
        *("rdf_rdf", "ttl", "sy_updateperiod", "sy_updatefrequency"),
        *(
            f"{name}_{kind}"
            for kind in ("detail", "parsed")
            for name in ("title", "summary", "description", "content", "author", "publisher", "published", "updated")
        ),
        *("date_parsed", "issued_parsed", "modified_parsed", "created_parsed", "generator_detail", "info_detail"),
        *("copyright_detail", "tagline_detail", "subtitle_detail", "rights_detail", "expired_parsed"),
    )
)


class UnsureError(Exception):
    """Not one of the common forms: feedparser is to read it."""


def check_declarations(text: str) -> None:
    """Raises UnsureError where a prefix means two things, or a well-known one something else than usual."""
    meanings: dict[str, str | None] = {}
    for prefix, double, single in _declared(text):
        prefix = prefix.lower()
        uri = (double or single).lower()
        meaning = _PREFIXES.get(uri, uri)
        if meanings.setdefault(prefix, meaning) != meaning:
            raise UnsureError
        if prefix in _TAKEN and meaning != prefix and (uri in _PREFIXES or _is_strange(uri)):
            raise UnsureError


def _declared(text: str) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    place = text.find("xmlns:")
    while place >= 0:
        match = _DECLARED.match(text, place)
        if match:
            found.add((match[1], match[2], match[3]))
        place = text.find("xmlns:", place + 6)
    return found


def _is_strange(namespace: str) -> bool:
    return any(part in namespace for part in _STRANGE)


def split(tag: str) -> tuple[str, str]:
    """(namespace, local name) of lxml's ``{namespace}name``, both in lower case."""
    if tag[:1] == "{":
        namespace, _, name = tag[1:].partition("}")
        return namespace.lower(), name.lower()
    return "", tag.lower()


@lru_cache(maxsize=2048)
def known(tag: str) -> str | None:
    """feedparser's name for a tag in a well-known namespace; None for the rest. Raises UnsureError."""
    # an entity reference has a function for a tag; letters of newer XML editions are none to the parser of feedparser
    if not isinstance(tag, str) or not tag.isascii():
        raise UnsureError
    namespace, name = split(tag)
    prefix = _PREFIXES.get(namespace)
    if prefix is None:
        if _is_strange(namespace):
            raise UnsureError
        return None
    return f"{prefix}_{name}" if prefix else name


@lru_cache(maxsize=2048)
def foreign(tag: str, prefix: str | None) -> str:
    """feedparser's name for a tag in another namespace: by the prefix that the document gives it."""
    name = split(tag)[1]
    return f"{prefix.lower()}_{name}" if prefix else name


@lru_cache(maxsize=2048)
def attribute(name: str) -> str:
    """feedparser's name for an attribute; empty for most in well-known namespaces, which mean nothing to it."""
    if not name.isascii():
        raise UnsureError
    namespace, local = split(name)
    prefix = _PREFIXES.get(namespace)
    if not prefix:
        return local
    return f"xml:{local}" if prefix == "xml" else ""


__all__ = [
    "ATOM",
    "FLAT",
    "HANDLED",
    "RDF",
    "UnsureError",
    "attribute",
    "check_declarations",
    "foreign",
    "known",
    "split",
]
