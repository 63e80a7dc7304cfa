"""Addresses: made canonical for storing, hashed for identity, grouped by host for politeness, masked for people.

`canonical` keeps the order of query parameters, since a link is there to be opened and some servers read them in
order; `link_key` sorts them, since for identity the order says nothing.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

#: longer ones are refused: no real link needs them, and they cost time everywhere
MAX_URL = 4096

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\Z|\[[0-9a-f:.]+\]\Z")
_ESCAPE = re.compile("%([0-9a-fA-F]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "/:@!$&'()*+,;=~%-._"
_QUERY_SAFE = "/?:@!$'()*+,;=~%-._&"

# An address that is as it should be already: nothing to encode, no port, no userinfo, host in lower case.
_TIDY = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+/[A-Za-z0-9/_.~!$&'()*+,;=:@-]*"
    r"(?:\?[A-Za-z0-9/_.~!$'()*+,;=:@&-]+)?\Z"
)
# Parameters that say how a reader came, not what is read.
_TRACKING = frozenset(
    (
        *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "ysclid", "twclid", "ttclid"),
        *("igshid", "igsh", "srsltid", "wickedid", "rb_clickid", "ncid", "s_cid", "taid", "tpcc", "sref", "smid"),
        *("mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "__hstc", "__hssc", "__hsfp", "hsctatracking", "vero_id"),
        *("oly_enc_id", "oly_anon_id", "vero_conv", "ito", "cmp", "cmpid", "campaign_id", "partner_id", "xtor", "ftag"),
        *("ns_mchannel", "ns_source", "ns_campaign", "ns_linkname", "ns_fee", "at_medium", "at_campaign", "feedtype"),
        *("guccounter", "guce_referrer", "guce_referrer_sig", "soc_src", "soc_trk", "spm", "scm", "_ga", "_gl"),
        *("mod_source", "wt_mc", "wt.mc_id", "wtrid", "__twitter_impression", "sh_kit", "trk", "trkcampaign"),
        *("outputtype", "amp"),
    )
)
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "matomo_", "hsa_", "at_custom", "itm_", "stm_")
#: only with these values are they a trace; `ref=main` or `source=arxiv` may name what is read
_TRACE_VALUES = {
    "ref": re.compile(r"rss|feed|feedly|twitter|hackernews|producthunt|newsletter|.*\.(com|org|io|net|co)\Z"),
    "source": re.compile(r"rss.*|feed.*|twitter|facebook|newsletter|email"),
    "src": re.compile(r"rss.*|feed.*"),
    "from": re.compile(r"rss|feed|rssfeed"),
    "mod": re.compile(r"rss.*|djemalertnews"),
    "output": re.compile(r"amp|rss"),
}
_TRACE_FRAGMENT = re.compile(
    r"(xtor|utm_|at_|ref|ftag|intcid|cmpid|mc_)[^/]*=.*|:~:text=.*|rss|feed|atom|comments|respond|top", re.I
)
_AMP_CACHE = re.compile(r"\A/(?:amp|c|v)/(s/)?([^/]+\.[^/]+/.*)\Z")
_MOBILE = re.compile(r"\A(?:www\d?|m|mobile|amp|touch)\.(?=[^.]+\.[^.])")
# One key, one voice: whoever writes below these names publishes by themselves.
_PLATFORMS = frozenset(
    (
        *("substack.com", "medium.com", "wordpress.com", "tumblr.com", "ghost.io", "beehiiv.com", "bearblog.dev"),
        *("hashnode.dev", "write.as", "livejournal.com", "typepad.com", "buttondown.email"),
    )
)
_SECRET_NAME = re.compile(r"token|key|secret|pass|pwd|auth|sig|session|credential|hash|code|private", re.I)
_SECRET_HOSTS = ("hooks.slack.com", "discord.com", "discordapp.com", "outlook.office.com", "webhook.office.com")


def canonical(url: str) -> str | None:
    """The one spelling of an http(s) address, or None if it is none.

    Lower-case scheme and host (IDNA), no userinfo, no default port, no dot segments, percent-encoding as RFC 3986
    wants it, no tracking parameters, no fragment that only traces (one that names a place in the page stays), AMP
    forms undone where that is certain. Applying it twice changes nothing.
    """
    if _is_tidy(url) and "/amp" not in url and "ampproject" not in url and "/." not in url:
        head, _, query = url.partition("?")
        query = "&".join(p for p in query.split("&") if p and not _is_trace(p)) if query else ""
        return f"{head}?{query}" if query else head
    return _canonical(url)


def _canonical(url: str) -> str | None:
    parts = _split(url)
    if parts is None:
        return None
    host, port = _host(parts), _port(parts)
    if host is None or port is None:
        return None
    unwrapped = _unwrap_amp(host, parts)
    if unwrapped is not None:
        return canonical(unwrapped)
    path = _path(parts.path)
    while path.endswith(("/amp", "/amp/")) and path.count("/") > 2 - path.endswith("p"):
        path = path[: path.rindex("/amp")]
    query = "&".join(p for p in _escaped(parts.query, _QUERY_SAFE).split("&") if p and not _is_trace(p))
    fragment = _escaped(parts.fragment, _QUERY_SAFE + "#")
    netloc = host if port == _DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    result = f"{parts.scheme}://{netloc}{path}"
    if query:
        result += f"?{query}"
    if fragment and not _TRACE_FRAGMENT.fullmatch(fragment):
        result += f"#{fragment}"
    return result if len(result) <= MAX_URL else None


@functools.lru_cache(maxsize=512)
def link_key(url: str) -> bytes:
    """16 bytes that are equal for spellings of one address.

    Ignores what `canonical` removes and besides: the scheme, a leading www., m., mobile. or amp., a closing slash and
    the order of parameters. What is no address is hashed as it stands.
    """
    clean = canonical(url)
    if clean is None:
        return hashlib.blake2b(url.strip().encode("utf-8", "replace"), digest_size=16, person=b"no-url").digest()
    rest = clean.partition("://")[2]
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    rest = _MOBILE.sub("", rest).rstrip("/")
    text = f"{rest}?{'&'.join(sorted(query.split('&')))}#{fragment}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def http_url(raw: str | None, base: str | None = None) -> str | None:
    """An absolute http(s) link of what stands in a document, resolved against `base`; None for anything else.

    Spaces, quotes, angle brackets and letters beyond ASCII are percent-encoded, userinfo is dropped.
    """
    if not raw:
        return None
    text = raw.strip()
    if not text or len(text) > MAX_URL:
        return None
    if _is_tidy(text):
        return text
    if base and not text[:8].lower().startswith(("http://", "https:/")):
        try:
            text = urljoin(base, _CONTROL.sub(lambda m: "%20" if m[0] == " " else "", text))
        except ValueError:
            return None
    parts = _split(text)
    if parts is None:
        return None
    host, port = _host(parts), _port(parts)
    if host is None or port is None:
        return None
    netloc = host if port == _DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    result = f"{parts.scheme}://{netloc}{_quoted(parts.path, _PATH_SAFE) or '/'}"
    if parts.query:
        result += "?" + _quoted(parts.query, _QUERY_SAFE)
    if parts.fragment:
        result += "#" + _quoted(parts.fragment, _QUERY_SAFE + "#")
    return result


def host_of(url: str) -> str:
    """The host in lower case, as punycode, without port and brackets; empty if there is none."""
    if _is_tidy(url):
        return url.split("/", 3)[2]
    parts = _split(url)
    host = _host(parts) if parts is not None else None
    return (host or "").strip("[]")


@functools.lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """The domain that somebody registered: ``news.bbc.co.uk`` gives ``bbc.co.uk``, ``me.github.io`` stays.

    Below blog platforms the name in front counts too (``x.substack.com``). An IP address, a name without a dot and
    a public suffix are returned as they are.
    """
    host = host.lower().strip(".")
    if _is_ip(host) or "." not in host:
        return host
    domain = str(_suffixes(False).privatesuffix(host) or host)
    if domain in _PLATFORMS and host != domain:
        label = host[: -len(domain) - 1].rpartition(".")[2]
        return domain if label == "www" else f"{label}.{domain}"
    return domain


def host_key(url: str) -> str:
    """Whose server it is: the registrable domain; ``host:port`` for IP addresses and names without a dot.

    Here only registries' suffixes count, so that all of ``*.github.io`` is one host to be polite to.
    """
    parts = _split(url)
    host = _host(parts) if parts is not None else None
    if parts is None or host is None:
        return ""
    bare = host.strip("[]")
    if _is_ip(bare) or "." not in bare or bare.endswith((".local", ".internal", ".lan", ".home.arpa", ".localhost")):
        return f"{host}:{_port(parts)}"
    return str(_suffixes(True).privatesuffix(bare) or bare)


def masked(url: str) -> str:
    """The address for logs and errors: no userinfo; secret-looking parameters and webhooks' paths as ``***``."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(an address that cannot be read)"
    if not parts.scheme or not netloc:
        return _CONTROL.sub("", url.rpartition("@")[2])[:200]
    path = parts.path
    if netloc.lower().split(":")[0].endswith(_SECRET_HOSTS):
        path = "/***"
    query = "&".join(_masked_parameter(p) for p in parts.query.split("&") if p)
    result = f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")
    return _CONTROL.sub("", result)[:500]


def _masked_parameter(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    return f"{name}=***" if value and (_SECRET_NAME.search(name) or len(value) > 60) else parameter


def _is_tidy(url: str) -> bool:
    """Most links of feeds need no more than this look."""
    return len(url) < 250 and _TIDY.match(url) is not None


def _split(url: str) -> SplitResult | None:
    if len(url) > MAX_URL:
        return None
    text = url.strip()
    if _CONTROL.search(text):
        text = _CONTROL.sub(lambda m: "%20" if m[0] == " " else "", text)
    if text[:8].lower().startswith(("http:\\", "https:\\")):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc or "\\" in parts.netloc:
        return None
    return parts


def _host(parts: SplitResult) -> str | None:
    try:
        host = parts.hostname
    except ValueError:
        return None
    if not host or len(host) > 1000:
        return None
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host.partition('%')[0]).compressed}]"
        except ValueError:
            return None
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        if len(host) > 253:
            return None
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.lower().rstrip(".")
    if len(host) > 253 or ".." in host or not _HOST.match(host):
        return None
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        return None
    return _DEFAULT_PORTS[parts.scheme] if port is None else port


def _path(raw: str) -> str:
    path = _escaped(raw, _PATH_SAFE)
    if "/." not in path:
        return path or "/"
    out: list[str] = []
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "..":
            if out:
                out.pop()
        elif segment != ".":
            out.append(segment)
            continue
        if last:
            out.append("")
    return "/" + "/".join(out)


def _escaped(text: str, safe: str) -> str:
    """Percent-encoded, unreserved characters plain, hexadecimal digits in capitals."""
    if "%" in text:
        text = _ESCAPE.sub(_tidy, text)
    return _quoted(text, safe)


def _quoted(text: str, safe: str) -> str:
    """Percent-encodes what may not stand in an address and leaves what is encoded already."""
    return quote(text, safe=safe, errors="replace") if text else ""


def _tidy(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    code = int(match[1], 16)
    return chr(code) if code in _UNRESERVED else f"%{match[1].upper()}"


def _is_trace(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name = name.lower()
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    pattern = _TRACE_VALUES.get(name)
    return pattern is not None and pattern.match(value.lower()) is not None


def _unwrap_amp(host: str, parts: SplitResult) -> str | None:
    """What an AMP cache or Google's AMP viewer shows."""
    viewer = host in ("www.google.com", "google.com") and parts.path.startswith("/amp/")
    if not (viewer or host == "cdn.ampproject.org" or host.endswith(".cdn.ampproject.org")):
        return None
    match = _AMP_CACHE.match(parts.path)
    if match is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{'https' if match[1] else 'http'}://{match[2]}{query}"


def _is_ip(host: str) -> bool:
    if not host or not (host[-1].isdigit() or ":" in host):
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


@functools.cache
def _suffixes(registries_only: bool) -> Any:
    """The Public Suffix List of the package; read when first asked, never downloaded."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=registries_only)


__all__ = ["MAX_URL", "canonical", "host_key", "host_of", "http_url", "link_key", "masked", "registrable_domain"]
