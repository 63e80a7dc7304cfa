"""What the classifier knows by name: the five tags, the eleven roles, and which role tells about which tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from monitor.types import Role, Tag

#: In the order of the model's outputs.
TAGS: Final[tuple[str, ...]] = tuple(tag.value for tag in Tag)
ROLES: Final[tuple[str, ...]] = tuple(role.value for role in Role)

TAG_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Tag.MODEL_LAUNCH: "A named new AI model, or a new version of one, is released, opened, previewed or announced.",
        Tag.PRODUCT_LAUNCH: "A company releases or announces an AI product, service, feature, API, agent, app or chip.",
        Tag.FUNDING: "Money goes into an AI company or lab: a round, a stake, debt, a grant, an IPO, or talks of one.",
        Tag.ACQUISITION: "An AI company, team or asset is bought or merged, or an AI company buys; talks and bids too.",
        Tag.PARTNERSHIP: "Two or more named organisations agree on something in AI: supply, content, cloud, contracts.",
    }
)

ROLE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Role.DEVELOPER: "who makes the model or product",
        Role.MODEL: "the model's name with version and size as written",
        Role.PRODUCT: "the product's name",
        Role.RECIPIENT: "who gets the money",
        Role.INVESTOR: "who gives the money",
        Role.AMOUNT: "the sum as written",
        Role.VALUATION: "the valuation as written",
        Role.ROUND: "the kind of round: seed, Series B, IPO",
        Role.ACQUIRER: "who buys",
        Role.TARGET: "what is bought",
        Role.PARTNER: "each party of the agreement",
    }
)

#: A role is only reported when one of its tags is.
TAGS_OF_ROLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        Role.DEVELOPER: frozenset({Tag.MODEL_LAUNCH, Tag.PRODUCT_LAUNCH}),
        Role.MODEL: frozenset({Tag.MODEL_LAUNCH}),
        Role.PRODUCT: frozenset({Tag.PRODUCT_LAUNCH}),
        Role.RECIPIENT: frozenset({Tag.FUNDING}),
        Role.INVESTOR: frozenset({Tag.FUNDING}),
        Role.AMOUNT: frozenset({Tag.FUNDING, Tag.ACQUISITION, Tag.PARTNERSHIP}),
        Role.VALUATION: frozenset({Tag.FUNDING}),
        Role.ROUND: frozenset({Tag.FUNDING}),
        Role.ACQUIRER: frozenset({Tag.ACQUISITION}),
        Role.TARGET: frozenset({Tag.ACQUISITION}),
        Role.PARTNER: frozenset({Tag.PARTNERSHIP}),
    }
)


def roles_for(tags: Iterable[str]) -> frozenset[str]:
    """The roles that may be reported of an entry with these tags."""
    wanted = set(tags)
    return frozenset(role for role in ROLES if TAGS_OF_ROLE[role] & wanted)
