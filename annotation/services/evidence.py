"""Why two videos count as copies, in words."""

from __future__ import annotations

from collections.abc import Iterator

from clustering.services.groups import Evidence, Kind, Member

SLIGHT = 0.05  # seconds that a clip may start later without a word


def in_words(member: Member, kind: Kind) -> list[str]:
    """What ties `member` to the best copy, the strongest first."""
    if kind == "same generation":
        return ["same prompt, generator and seed"]
    if kind == "alike":
        return [f"cosine of embeddings {_score(member.score)}"]
    if member.score is None:
        return ["a person said so", *_measured(member)]
    return [*_measured(member)] or [f"likeness {_score(member.score)}"]


def _measured(member: Member) -> Iterator[str]:
    if member.evidence:
        yield from _frames(member.evidence)
    if abs(member.offset) > SLIGHT:
        yield f"starts {abs(member.offset):.1f} s {'later' if member.offset > 0 else 'earlier'}"
    if member.evidence:
        yield from _pictures(member.evidence)


def _frames(evidence: Evidence) -> Iterator[str]:
    own, other = (_percent(share) for share in (evidence.share_of_member, evidence.share_of_representative))
    if own and own == other:
        yield f"{own} of their frames match"
        return
    if own:
        yield f"{own} of its frames match"
    if other:
        yield f"{other} of the best copy's are in it"


def _percent(share: float | None) -> str:
    """Empty for none and for nothing that matched."""
    return f"{100 * share:.0f} %" if share else ""


def _pictures(evidence: Evidence) -> Iterator[str]:
    if evidence.tile_correlation:
        yield f"tiles correlate {_score(evidence.tile_correlation)}"
    if evidence.agreement:
        yield f"pictures agree {_score(evidence.agreement)}"


def _score(score: float | None) -> str:
    """As .87; a share of 1 as 1.00."""
    return f"{score or 0:.2f}".replace("0.", ".", 1)
