"""Quarantine: opened with its evidence, ended by two different people, never past a legal hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from config.errors import UserError
from config.models import User
from datasets.known import Entry
from datasets.known_match import Match
from datasets.models import (
    Effect,
    Finding,
    HashList,
    Incident,
    IncidentMatch,
    LegalHold,
    ReleaseVote,
    Serving,
    Video,
)
from datasets.services.findings import lift_finding, raise_finding
from datasets.services.incidents import report_draft
from datasets.services.quarantine import (
    held,
    in_quarantine,
    lift_legal_hold,
    quarantine,
    quarantine_match,
    set_legal_hold,
    vote_release,
)
from tests.commands import run
from tests.conftest import MakeVideo, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def procedure(settings: Any) -> None:
    settings.WINNOW_RELEASE_PROCEDURE = "Ask counsel first."


@pytest.fixture
def video(make_video: MakeVideo) -> Video:
    return make_video(prompt="the hidden one", generator="drawn")


@pytest.fixture
def incident(video: Video) -> Incident:
    return quarantine(video, reason="may be illegal")


@pytest.fixture
def drawn() -> HashList:
    return HashList.objects.create(name="drawn", source="/lists/drawn.csv", digest="d" * 64)


def match(value: str = "a" * 32, line: int = 1, **near: Any) -> Match:
    return Match(Entry("md5", value, line=line, source="drawn"), **near)


# --- in ---


def test_it_hides_and_opens_an_incident(video: Video, alice: User) -> None:
    Serving.objects.create(video=video, user=alice, first_byte=7)
    incident = quarantine(video, reason="may be illegal", note="a rater said so", by=alice)
    assert not Video.objects.visible().exists()
    finding = video.findings.get()
    assert (finding.effect, finding.stage, finding.by) == (Effect.QUARANTINE, "review", alice)
    assert incident.finding == finding
    assert [(view["username"], view["byte"]) for view in incident.views] == [("alice", 7)]
    assert [one["file_name"] for one in incident.sightings] == ["1.mp4"]
    assert "the hidden one" not in str(Incident.objects.values().get())
    assert incident.kept_until - incident.opened_at >= timedelta(days=365)


def test_twice_is_once(video: Video, incident: Incident) -> None:
    assert quarantine(video, reason=" may be illegal ") == incident
    assert Finding.objects.count() == 1
    assert quarantine(video, reason="another reason") != incident


def test_a_quarantine_that_had_no_incident_gets_one(video: Video, alice: User) -> None:
    finding = raise_finding(video, reason="may be illegal", effect=Effect.QUARANTINE, by=alice)
    assert quarantine(video, reason="may be illegal").finding == finding
    raise_finding(video, reason="odd", effect=Effect.FLAG, by=alice)
    with pytest.raises(UserError, match="already marked 'odd'"):
        quarantine(video, reason="odd")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 57])
def test_a_reason_is_needed(video: Video, reason: str) -> None:
    with pytest.raises(UserError, match="1 to 56 characters"):
        quarantine(video, reason=reason)
    assert Video.objects.visible().exists()


def test_a_match_keeps_its_evidence(video: Video, drawn: HashList) -> None:
    weak, strong = match("b" * 32, distance=20, share=0.9), match("c" * 32, distance=3, share=1.0)
    (incident,) = quarantine_match(video, matches=[weak, strong])
    assert (incident.hash_list, incident.cause, incident.kind) == (drawn, "drawn", "hash")
    assert [(m.value, m.distance, m.share) for m in incident.matches.all()] == [
        ("c" * 32, 3, 1.0), ("b" * 32, 20, 0.9),
    ]  # fmt: skip
    assert quarantine_match(video, matches=[weak, strong]) == [incident]
    assert IncidentMatch.objects.count() == 2
    assert (video.findings.get().stage, video.findings.get().reason) == ("known", "drawn")


def test_a_hash_needs_its_evidence(video: Video) -> None:
    with pytest.raises(ValueError, match="quarantine_match"):
        quarantine(video, reason="drawn", kind=Incident.Kind.HASH)


# --- out ---


def test_two_different_people_release(video: Video, incident: Incident, alice: User, bob: User) -> None:
    vote_release(incident, by=alice, reason="a drawn disc")
    assert not Video.objects.visible().exists()
    with pytest.raises(UserError, match="alice has voted"):
        vote_release(incident, by=alice, reason="I am sure")
    assert not vote_release(incident, by=bob, reason="I agree").stands
    assert Video.objects.visible().exists()
    finding = video.findings.get()
    assert (finding.lifted_by, finding.lifted_why) == (bob, "alice: a drawn disc; bob: I agree")
    with pytest.raises(UserError, match="released already"):
        vote_release(incident, by=bob, reason="again")


def test_one_person_cannot_lift_it(video: Video, incident: Incident, alice: User) -> None:
    with pytest.raises(UserError, match="released by two people"):
        lift_finding(video.findings.get(), by=alice, why="a drawn disc")
    assert not Video.objects.visible().exists()


def test_who_may_not_vote(incident: Incident, rita: User, alice: User, settings: Any) -> None:
    for person, reason, told in ((rita, "why not", "Only active researchers"), (alice, " ", "Say why")):
        with pytest.raises(UserError, match=told):
            vote_release(incident, by=person, reason=reason)
    alice.is_active = False
    with pytest.raises(UserError, match="Only active researchers"):
        vote_release(incident, by=alice, reason="a drawn disc")
    assert not ReleaseVote.objects.exists()


def test_without_a_procedure_nobody_votes(incident: Incident, alice: User, settings: Any) -> None:
    settings.WINNOW_RELEASE_PROCEDURE = " "
    with pytest.raises(UserError, match="WINNOW_RELEASE_PROCEDURE"):
        vote_release(incident, by=alice, reason="a drawn disc")


def test_the_vote_of_somebody_who_left_does_not_count(
    incident: Incident, alice: User, bob: User, admin: User
) -> None:
    vote_release(incident, by=alice, reason="a drawn disc")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert vote_release(incident, by=bob, reason="I agree").stands
    assert not vote_release(incident, by=admin, reason="so do I").stands


def test_new_evidence_makes_votes_lapse(video: Video, drawn: HashList, alice: User, bob: User) -> None:
    (incident,) = quarantine_match(video, matches=[match()])
    vote_release(incident, by=alice, reason="a drawn disc")
    quarantine_match(video, matches=[match(), match("b" * 32, line=2)])
    assert vote_release(incident, by=bob, reason="I agree").stands
    assert not vote_release(incident, by=alice, reason="still a drawn disc").stands


def test_each_incident_is_released_by_itself(video: Video, incident: Incident, alice: User, bob: User) -> None:
    other = quarantine(video, reason="something else")
    for person in (alice, bob):
        vote_release(other, by=person, reason="a drawn disc")
    assert not Video.objects.visible().exists()
    assert in_quarantine([video.pk]) == {video.pk}


def test_after_a_release_it_can_be_put_back(video: Video, incident: Incident, alice: User, bob: User) -> None:
    for person in (alice, bob):
        vote_release(incident, by=person, reason="a drawn disc")
    assert quarantine(video, reason="may be illegal") != incident
    assert not Video.objects.visible().exists()


# --- legal holds ---


def test_a_legal_hold_blocks_release(video: Video, incident: Incident, alice: User, bob: User) -> None:
    vote_release(incident, by=alice, reason="a drawn disc")
    set_legal_hold(incident, by=alice, why="court order")
    assert held([video.pk, "0" * 64]) == {video.pk}
    with pytest.raises(UserError, match="under a legal hold; it must be lifted"):
        vote_release(incident, by=bob, reason="I agree")
    with pytest.raises(UserError, match="under a legal hold already"):
        set_legal_hold(incident, by=bob, why="again")
    lift_legal_hold(incident, by=bob, why="the case is closed")
    assert held([video.pk]) == set()
    assert vote_release(incident, by=bob, reason="I agree").stands, "alice's vote lapsed with the hold"
    with pytest.raises(UserError, match="under no legal hold"):
        lift_legal_hold(incident, by=bob, why="again")


def test_who_places_holds_and_why(incident: Incident, rita: User, alice: User) -> None:
    with pytest.raises(UserError, match="Only active researchers"):
        set_legal_hold(incident, by=rita, why="court order")
    with pytest.raises(UserError, match="Say why"):
        set_legal_hold(incident, by=alice, why="")


# --- the record ---


def test_it_outlives_its_video(video: Video, drawn: HashList) -> None:
    (incident,) = quarantine_match(video, matches=[match()])
    sha256 = video.pk
    for rows in (video.sightings, video.findings):
        rows.all().delete()
    video.delete()
    incident.refresh_from_db()
    assert (incident.sha256, incident.finding, len(incident.sightings)) == (sha256, None, 1)
    with pytest.raises(ProtectedError):
        incident.delete()
    with pytest.raises(ProtectedError):
        drawn.delete()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kept_days": 364},
        {"cause": ""},
        {"kind": "hash"},
        {"kind": "rumour"},
        {"sha256": "short"},
    ],
)
def test_the_database_says_no(incident: Incident, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(**wrong)


def test_the_database_knows_two_people_from_one(incident: Incident, alice: User) -> None:
    ReleaseVote.objects.create(incident=incident, by=alice, reason="yes")
    LegalHold.objects.create(incident=incident, placed_by=alice, why="order")
    for again in (
        lambda: ReleaseVote.objects.create(incident=incident, by=alice, reason="yes again"),
        lambda: LegalHold.objects.create(incident=incident, placed_by=alice, why="again"),
        lambda: Incident.objects.create(sha256=incident.sha256, kind=incident.kind, cause=incident.cause),
        lambda: ReleaseVote.objects.update(reason=""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            again()


def test_the_draft_has_all_that_a_report_needs(video: Video, drawn: HashList, alice: User) -> None:
    Serving.objects.create(video=video, user=alice)
    (incident,) = quarantine_match(video, matches=[match("b" * 32, line=9, distance=20, share=0.9)])
    draft = report_draft(incident)
    for part in (
        "DRAFT, not sent", video.pk, "drawn", "d" * 64, "b" * 32, "line 9", "20 of 256 bits", "90%",
        "1.mp4 in /clips", "generator drawn", "to alice", f"{incident.opened_at:%F %T}", f"{incident.kept_until:%F}",
    ):  # fmt: skip
        assert part in draft
    assert "the hidden one" not in draft


# --- commands and admin ---


def test_the_way_through_the_commands(video: Video, alice: User, bob: User) -> None:
    number = run("quarantine", video.pk, "--reason", "may be illegal", "--by", "alice")["incident"]
    listed = run("incidents", "list")["incidents"]
    assert [(one["incident"], one["state"]) for one in listed] == [(number, "0 of 2 votes")]
    assert video.pk not in str(listed)
    assert run("incidents", "hold", number, "--by", "alice", "--why", "order")["state"] == "legal hold"
    assert run("incidents", "unhold", number, "--by", "bob", "--why", "closed")["state"] == "0 of 2 votes"
    assert run("incidents", "vote", number, "--by", "alice", "--reason", "a disc")["state"] == "1 of 2 votes"
    assert run("incidents", "show", number)["votes"] == [{"by": "alice", "reason": "a disc", "lapsed": False}]
    assert run("incidents", "vote", number, "--by", "bob", "--reason", "a disc")["state"].startswith("released")
    assert run("incidents", "draft", number)["sha256"] == video.pk


def test_show_tells_the_procedure(incident: Incident, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("incidents", "show", str(incident.pk))
    assert "Ask counsel first." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("quarantine", "0" * 64, "--reason", "x"), "No video of this SHA-256"),
        (("incidents", "show", "99"), "no incident 99"),
        (("known_content", "load", "/gone", "--list", "x", "--by", "rita"), "'rita' is no active researcher"),
    ],
)
def test_mistakes_at_the_keyboard(arguments: tuple[str, ...], told: str, rita: User) -> None:
    with pytest.raises(CommandError, match=told):
        call_command(*arguments)


def test_the_admin_tells_nothing_of_the_content(video: Video, drawn: HashList, admin: User, settings: Any) -> None:
    Serving.objects.create(video=video, user=admin)
    quarantine_match(video, matches=[Match(Entry("sha256", video.pk, source="drawn"))])
    for model in ("incident", "incidentmatch", "hashlist", "hashentry", "digest"):
        pages = [f"/admin/datasets/{model}/", f"/admin/datasets/{model}/1/change/"]
        for page in pages:
            content = client_of(admin).get(page, follow=True).content.decode()
            assert video.pk[:12] not in content
            assert "1.mp4" not in content
