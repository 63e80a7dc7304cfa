"""Parameters and fragments that say how a reader came, not what is read."""

from __future__ import annotations

import re

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
    "ref": re.compile(r"rss|feed|feedly|twitter|hackernews|producthunt|newsletter|.*\.(com|org|io|net|co)"),
    "source": re.compile(r"rss.*|feed.*|twitter|facebook|newsletter|email"),
    "src": re.compile(r"rss.*|feed.*"),
    "from": re.compile(r"rss|feed|rssfeed"),
    "mod": re.compile(r"rss.*|djemalertnews"),
    "output": re.compile(r"amp|rss"),
}

TRACE_FRAGMENT = re.compile(
    r"(xtor|utm_|at_|ref|ftag|intcid|cmpid|mc_)[^/]*=.*|:~:text=.*|rss|feed|atom|comments|respond|top", re.I
)


def is_trace(parameter: str) -> bool:
    """Whether `name=value` of a query only traces."""
    name, _, value = parameter.partition("=")
    name = name.lower()
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    pattern = _TRACE_VALUES.get(name)
    return pattern is not None and pattern.fullmatch(value.lower()) is not None
