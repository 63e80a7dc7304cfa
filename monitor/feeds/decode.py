"""Bytes to text as browsers read them, and text made fit for every XML reader."""

from __future__ import annotations

import codecs
import re

from monitor.text import join_surrogates, repair_references

# What the web means by these names (WHATWG); codecs that are no charsets (rot13, punycode, utf-7) are not here.
_LABELS = {
    "utf8": "utf-8",
    "ascii": "cp1252",
    "usascii": "cp1252",
    "latin1": "cp1252",
    "iso88591": "cp1252",
    "l1": "cp1252",
    "windows1252": "cp1252",
    "cp1252": "cp1252",
    "iso88599": "cp1254",
    "latin5": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "cp936": "gb18030",
    "windows936": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "cp932": "cp932",
    "eucjp": "euc_jp",
    "iso2022jp": "iso2022_jp",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "cp949": "cp949",
    "windows949": "cp949",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "ibm866": "cp866",
    "cp866": "cp866",
    "macintosh": "mac_roman",
    "macroman": "mac_roman",
    "tis620": "cp874",
    "windows874": "cp874",
    "utf16": "utf-16-le",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    **{f"windows125{n}": f"cp125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)},
    **{f"cp125{n}": f"cp125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8)},
    **{f"iso8859{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}
_MULTIBYTE = frozenset(("gb18030", "big5hkscs", "cp932", "euc_jp", "iso2022_jp", "cp949", "utf-16-le", "utf-16-be"))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_DECLARATION = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", re.I)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*?\?>\s*", re.I)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode(body: bytes, content_type: str) -> tuple[str, str]:
    """(text, the encoding it was read with). Never fails: what cannot be read becomes U+FFFD."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), codec
    codec = _sixteen_bit(body)
    if codec:
        return body.decode(codec, "replace"), codec
    declared = _declared(body, content_type)
    if not declared or declared[0] not in _MULTIBYTE:
        try:
            # a text that happens to be valid UTF-8 is UTF-8, whatever a header left at its default says
            return body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    if declared and declared[0] != "utf-8":
        for codec in declared:
            try:
                return body.decode(codec), codec
            except UnicodeDecodeError:
                pass
        return body.decode(declared[0], "replace"), declared[0]
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for letter in text[:200_000] if letter > "\x7f") - wrong
    if not declared or wrong > right:
        # many servers say UTF-8 of everything they have: then the document's own word counts
        other = declared[1] if len(declared) > 1 else "cp1252"
        return body.decode(other, "replace"), other
    return text, "utf-8"


def without_declaration(text: str) -> str:
    """The document without its XML declaration, which names an encoding that it no longer has."""
    return _XML_DECLARATION.sub("", text, count=1)


def fit_for_xml(text: str) -> str:
    """With legal characters and legal numeric references only."""
    if not text.isascii():
        text = join_surrogates(text)
    text = _ILLEGAL.sub("", text)
    return repair_references(text) if "&#" in text else text


def _sixteen_bit(body: bytes) -> str:
    head = body[:4]
    if len(head) == 4 and head[0] == 0 and head[2] == 0 and head[1] == 0x3C:
        return "utf-16-be"
    if len(head) == 4 and head[1] == 0 and head[3] == 0 and head[0] == 0x3C:
        return "utf-16-le"
    return ""


def _declared(body: bytes, content_type: str) -> list[str]:
    """The codecs that header and document name; the header is asked first, as browsers do."""
    found = _HEADER_CHARSET.search(content_type)
    names = [found[1]] if found else []
    inner = _DECLARATION.match(body[:400])
    if inner:
        names.append(inner[1].decode("ascii"))
    named = (_LABELS.get(re.sub(r"[^a-z0-9]", "", name.lower())) for name in names)
    # a document that reached this point is not sixteen-bit
    return list(dict.fromkeys(codec for codec in named if codec and codec not in ("utf-16-le", "utf-16-be")))


__all__ = ["decode", "fit_for_xml", "without_declaration"]
