"""Incidents to read: in a list, one by one as metadata, and as the draft of a report for a person to send."""

from __future__ import annotations

from typing import Any

from config.errors import UserError
from config.models import User
from config.report import Report, counted, text_table
from datasets.models import Incident, Video
from datasets.services.quarantine import VOTES, release_procedure, standing_hold, standing_votes


def find_incident(number: int) -> Incident:
    incident = Incident.objects.filter(pk=number).first()
    if incident is None:
        raise UserError(f"There is no incident {number}; `incidents list` shows those that are.")
    return incident


def find_video(sha256: str) -> Video:
    video = Video.objects.filter(pk=sha256.strip().lower()).first()
    if video is None:
        raise UserError("No video of this SHA-256 is stored; give all of its 64 digits.")
    return video


def team_member(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None or not user.is_researcher:
        raise UserError(f"{username!r} is no active researcher or administrator.")
    return user


def incidents_report() -> Report:
    """All incidents, newest first, with nothing that tells of the content."""
    incidents = list(Incident.objects.all())
    standing = sum(incident.stands for incident in incidents)
    rows = [
        (one.pk, f"{one.opened_at:%F %R}", one.kind, one.cause, _state(one), f"{one.kept_until:%F}")
        for one in incidents
    ]
    table = text_table(rows, head=("incident", "opened", "kind", "cause", "state", "kept until")) if rows else ""
    data = {"incidents": [summary(one) for one in incidents]}
    return Report(f"{counted(len(incidents), 'incident')}, {standing} in quarantine.", data, table)


def _state(incident: Incident) -> str:
    if not incident.stands:
        return f"released {incident.released_at:%F}"
    if standing_hold(incident):
        return "legal hold"
    return f"{len(standing_votes(incident))} of {VOTES} votes"


def summary(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.pk,
        "kind": incident.kind,
        "cause": incident.cause,
        "state": _state(incident),
        "opened_at": incident.opened_at.isoformat(),
        "kept_until": incident.kept_until.isoformat(),
    }


def details(incident: Incident) -> dict[str, Any]:
    """What those who vote go by: metadata alone, no prompt and no picture."""
    return summary(incident) | {
        "sha256": incident.sha256,
        "note": incident.note,
        "list_file": incident.hash_list.digest if incident.hash_list else "",
        "matches": list(incident.matches.values("algorithm", "value", "line", "distance", "share")),
        "sightings": incident.sightings,
        "views": incident.views,
        "votes": [_vote(vote) for vote in incident.votes.select_related("by")],
        "holds": list(incident.holds.values("placed_by__username", "why", "lifted_by__username", "lifted_why")),
    }


def _vote(vote: Any) -> dict[str, Any]:
    return {"by": vote.by.username, "reason": vote.reason, "lapsed": vote.lapsed_at is not None}


def incident_report(incident: Incident) -> Report:
    procedure = release_procedure() or "None is set, so nobody can vote; see WINNOW_RELEASE_PROCEDURE."
    table = f"{report_draft(incident)}\n\nRelease procedure: {procedure}\n"
    return Report(f"Incident {incident.pk}: {_state(incident)}.", details(incident), table)


def report_draft(incident: Incident) -> str:
    """A report for a person to judge, complete and send. Winnow sends nothing."""
    return "\n".join(
        [
            f"DRAFT, not sent. A person must judge incident {incident.pk} before anybody is told of it.",
            f"Content: SHA-256 {incident.sha256}",
            f"Opened: {incident.opened_at:%F %T} UTC, {incident.get_kind_display()}: {incident.cause}",
            *([f"Note: {incident.note}"] if incident.note else []),
            *_evidence(incident),
            *_origins(incident),
            *_viewers(incident),
            f"State: {_state(incident)}; the record is kept until {incident.kept_until:%F}.",
        ]
    )


def _evidence(incident: Incident) -> list[str]:
    lines = [f"List: {incident.cause}, file of SHA-256 {incident.hash_list.digest}"] if incident.hash_list else []
    for match in incident.matches.all():
        near = "" if match.distance is None else f", nearest frames {match.distance} of 256 bits apart"
        share = "" if match.share is None else f", {match.share:.0%} of frames"
        lines.append(f"Match: {match.get_algorithm_display()} {match.value}, line {match.line}{near}{share}")
    return lines


def _origins(incident: Incident) -> list[str]:
    if not incident.sightings:
        return ["Source: not on record."]
    return [
        f"Source: {one['file_name']} in {one['root']}, met {one['seen_at']}"
        + (f", generator {one['generator']}" if one.get("generator") else "")
        for one in incident.sightings
    ]


def _viewers(incident: Incident) -> list[str]:
    if not incident.views:
        return ["Views before the match: none."]
    heads = [f"Views before the match: {counted(len(incident.views), 'serving')}."]
    return heads + [f"  {view['at']} to {view['username']}" for view in incident.views]
