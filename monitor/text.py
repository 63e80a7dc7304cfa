"""The one place where hostile text becomes plain text: at the boundary, once.

What comes out has no markup, no control characters, no bidi overrides, no invisible characters that carry
messages, no lone surrogates, is in NFC and has single spaces. It is still text of strangers: each output escapes it.
"""

from __future__ import annotations

import html
import re
import unicodedata

#: characters of raw markup that are looked at per character of plain text wanted; more is cut before parsing
_MARKUP_FACTOR = 20
_MARKUP_FLOOR = 20_000
_ELLIPSIS = "…"

# C0 (without white space), DEL and C1, soft hyphen, Arabic letter mark, zero width space, LRM and RLM, bidi
# embeddings and isolates, word joiner and invisible operators, BOM, interlinear marks, noncharacters,
# lone surrogates, tags (text that models see and people do not). ZWJ and ZWNJ stay: emoji and Persian need them.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
    + "".join(chr(plane * 0x10000 + low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARK_FLOOD = re.compile(f"({_MARKS}{{4}}){_MARKS}+")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
#: numeric references that XML and PostgreSQL refuse or that are half of a surrogate pair
_REFERENCE = re.compile(r"&#(?:0*([0-9]{1,7})|[xX]0*([0-9a-fA-F]{1,6}));")
_REFERENCE_PAIR = re.compile(
    r"&#(?:x0*(d[89ab][0-9a-f]{2})|0*(5[56][0-9]{3}));&#(?:x0*(d[c-f][0-9a-f]{2})|0*(5[67][0-9]{3}));", re.I
)

_BLOCK_NAMES = (
    "p|div|br|li|ul|ol|dl|dt|dd|h[1-6]|hr|table|tr|td|th|tbody|thead|blockquote|pre|section|article|header|footer|"
    "figure|figcaption|aside|nav|main|form|option|address|details|summary|img|iframe|video"
)
_BLOCK = re.compile(rf"</?(?:{_BLOCK_NAMES})(?=[\s/>])", re.I)
_DROPPED = [
    *("script", "style", "template", "iframe", "object", "noembed", "noframes"),
    *("textarea", "select", "svg", "math"),
]
_DROPPED_TAG = re.compile(rf"<(?:{'|'.join(_DROPPED)})", re.I)
# Tags, with tidy attributes, of which a browser's text differs by no more than a space: no table, nothing dropped.
_EASY = re.compile(
    r"</?(?:(p|div|br|li|ul|ol|dl|dt|dd|h[1-6]|hr|blockquote|pre|section|article|header|footer|figure|figcaption|img)|"
    r"a|abbr|b|big|center|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|time|tt|u)"
    r"(?:[ \t\r\n\f]++[a-z_:@][\w:.@-]*+"
    r"(?:[ \t\r\n\f]*+=[ \t\r\n\f]*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\r\n\f\"'<>=`]++))?+)*+[ \t\r\n\f]*+/?+>",
    re.I | re.A,
)
# Markup that was escaped once too often shows up as text; generics (`List<T>`) and "a < b" are not touched.
_KNOWN_TAG = re.compile(
    rf"<(?:!--|!\[CDATA\[|/?(?:{_BLOCK_NAMES}|a|b|i|u|s|em|strong|span|small|sub|sup|code|font|center|script|style|object|embed|svg|"
    r"math|input|button|link|meta|base|html|body|head|audio|source|picture|cite|q|mark|del|ins)(?:[\s/][^<>]*)?>)",
    re.I,
)
_CJK = (
    "\u3005\u3007\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
_CJK_RUN = re.compile(f"[{_CJK}]+")
_NOT_A_CUT = re.compile("[\u0300-\u036f\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def plain(raw: str, *, limit: int) -> str:
    """Plain text of HTML or text: one line, at most `limit` characters, cut at a word's border with an ellipsis."""
    if "<" not in raw and "&" not in raw:
        return shorten(_clean(raw), limit)
    text = raw[: max(_MARKUP_FLOOR, limit * _MARKUP_FACTOR)]
    for _ in range(3):
        if "&#" in text:
            text = repair_references(text)
        if "<![CDATA[" in text:
            text = text.replace("<![CDATA[", "").replace("]]>", "")
        text = _strip_markup(text) if "<" in text else html.unescape(text)
        if "<" not in text or not _KNOWN_TAG.search(text):
            break
    else:
        text = _KNOWN_TAG.sub(" ", text)
    return shorten(_clean(text), limit)


def clean_line(raw: str, *, limit: int = 1000) -> str:
    """One clean line of a text that is known to hold no markup: a name, a header, an error."""
    return shorten(_clean(raw[: limit * 4 + 1000]), limit)


def shorten(text: str, n: int) -> str:
    """At most `n` characters; cut at a word's border where there is one in the second half, with an ellipsis."""
    if len(text) <= n:
        return text
    if n <= 1:
        return text[: max(n, 0)]
    cut = n - 1
    border = text.rfind(" ", 0, cut + 1)
    if border >= cut // 2:
        cut = border
    else:
        while cut > 1 and _NOT_A_CUT.match(text[cut]):
            cut -= 1
        if text[cut - 1] == "\u200d":
            cut -= 1
    return text[:cut].rstrip(" ,;:-–—\u200d") + _ELLIPSIS


def cjk_pieces(text: str) -> str:
    """Chinese and Japanese runs cut into overlapping two-character pieces, for the search index and for queries.

    ``"OpenAI发布新模型"`` gives ``"OpenAI 发布 布新 新模 模型"``; a run of one character stays one piece. Other text is
    returned as it is. A run found as a phrase of its pieces is found exactly where it stands.
    """
    if text.isascii() or not _CJK_RUN.search(text):
        return text
    return " ".join(_CJK_RUN.sub(_pieces, text).split())


def has_cjk(text: str) -> bool:
    """Whether any Chinese or Japanese character is in it."""
    return not text.isascii() and _CJK_RUN.search(text) is not None


def join_surrogates(text: str) -> str:
    """Surrogate pairs become their character; lone surrogates go."""
    if text.isascii():
        return text
    joined = _SURROGATE_PAIR.sub(lambda m: m[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)
    return joined.encode("utf-8", "ignore").decode("utf-8")


def repair_references(text: str) -> str:
    """Numeric references made legal: two that form a surrogate pair become one, those of no legal character go.

    ``&#55357;&#56832;`` (naive generators write emoji so) becomes ``&#128512;``; ``&#0;`` and ``&#xD800;`` vanish.
    """
    text = _REFERENCE_PAIR.sub(_paired, text)
    return _REFERENCE.sub(_legal, text)


def _paired(match: re.Match[str]) -> str:
    high = int(match[1], 16) if match[1] else int(match[2])
    low = int(match[3], 16) if match[3] else int(match[4])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return match[0]
    return f"&#{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)};"


def _legal(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else int(match[2], 16)
    good = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF
    return match[0] if good else ""


def _pieces(run: re.Match[str]) -> str:
    text = run[0]
    if len(text) == 1:
        return f" {text} "
    return f" {' '.join(text[i : i + 2] for i in range(len(text) - 1))} "


def _clean(text: str) -> str:
    if text.isascii():
        if text.isprintable():
            return " ".join(text.split()) if "  " in text else text.strip()
        return " ".join(_FORBIDDEN.sub("", text).split())
    if not text.isprintable():
        text = _FORBIDDEN.sub("", _SURROGATE_PAIR.sub(_joined, text))
    text = _MARK_FLOOD.sub(r"\1", text)
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _strip_markup(text: str) -> str:
    """The text of some markup, as a browser would show it, with a space where a block begins or ends."""
    easy = _EASY.sub(_space, text)
    return html.unescape(easy) if "<" not in easy else _strip_any_markup(text)


def _space(tag: re.Match[str]) -> str:
    return " " if tag[1] else ""


def _strip_any_markup(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser  # here: read commands clean no markup and should not pay for it

    spaced = _BLOCK.sub(r" \g<0>", text)
    tree = LexborHTMLParser("<body>" + join_surrogates(spaced).replace("\x00", ""))
    if _DROPPED_TAG.search(spaced):
        tree.strip_tags(_DROPPED)
    body = tree.body
    return body.text(deep=True, separator="") if body is not None else ""


__all__ = ["cjk_pieces", "clean_line", "has_cjk", "join_surrogates", "plain", "repair_references", "shorten"]
