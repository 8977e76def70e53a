"""The review pages: what they list, what a decision does, where their numbers lead, and what they never show."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotation.services.evidence import in_words
from clustering.models import CopyPair, DuplicateGroup, DuplicateMember
from clustering.services.groups import Evidence, Kind, Member
from config.models import User
from datasets.models import Decision, Effect, Finding, Measures, Sighting, Video
from datasets.services.review import keep, remove
from datasets.services.runs import digest, stage_run
from tests.conftest import MakeVideo, client_of, flag, quarantine
from tests.conftest import remove as found_failed

LONG = "A very long prompt, " * 100
RIGHT_TO_LEFT = "\u0641\u064a\u062f\u064a\u0648 \u0644\u0642\u0637\u0629 \u0648\u0643\u0644\u0628"
HOSTILE = "<script>alert(1)</script>"
THRESHOLDS = {"thresholds": {"share": 0.8}}


@pytest.fixture
def desk(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def copies(make_video: MakeVideo) -> list[Video]:
    """A best copy and two that dedup has removed, the second of which starts a second later."""
    best, *others = videos = [make_video(width=320, height=320), make_video(), make_video(duration=1.0)]
    with stage_run("dedup", THRESHOLDS) as run:
        group = DuplicateGroup.objects.create(run=run, representative=best)
        for number, video in enumerate(others):
            DuplicateMember.objects.create(group=group, video=video, kind="perceptual", score=0.98)
            found_failed(video, stage="dedup", reason="duplicate", value=0.98, note=f"copy of {best.pk}")
            pair(best, video, share=0.98, offset=float(number))
    return videos


def pair(one: Video, other: Video, *, share: float, offset: float) -> CopyPair:
    a, b = sorted((one, other), key=lambda video: video.pk)
    return CopyPair.objects.create(
        a=a,
        b=b,
        thresholds=digest(THRESHOLDS["thresholds"]),
        kind="copy",
        share_ab=share,
        share_ba=share,
        tile_correlation=0.87,
        agreement=0.0,
        most_agreement=0.0,
        colour=0.0,
        crop=0.0,
        offset=offset,
    )


def page(desk: Client, name: str, query: str = "") -> str:
    response = desk.get(reverse(name) + query)
    assert response.status_code == 200
    return response.content.decode()


def shown(content: str) -> list[str]:
    """The SHA-256s of the cards, in their order."""
    return re.findall(r'data-card="([0-9a-f]{64})"', content)


def tabs(content: str) -> dict[str, int]:
    found = re.findall(r'<a href="/(?:screening|duplicates)/\?[^"]*"[^>]*>([\w ]+?) ([\d,]+)</a>', content)
    return {name: int(number.replace(",", "")) for name, number in found}


def send(desk: Client, action: str, *videos: Video, why: str = "") -> HttpResponse:
    fields = {"action": action, "videos": [video.pk for video in videos], "why": why}
    return desk.post(reverse("review-decide"), fields, headers={"Accept": "application/json"})  # type: ignore[return-value]


def state(told: dict[str, Any], video: Video) -> str:
    return next(row["state"] for row in told["videos"] if row["sha256"] == video.pk)


def measure(video: Video, **values: float) -> None:
    Measures.objects.filter(video=video).update(**values)


# --- screening ---


def test_each_rule_has_its_tab_with_its_count(desk: Client, make_video: MakeVideo) -> None:
    flag(make_video())
    flag(make_video())
    found_failed(make_video())
    quarantine(found_failed(make_video()).video)
    counts = tabs(page(desk, "screening"))
    assert list(counts) == [
        "Blank", "Noise", "Frozen", "Damaged", "Flicker", "Blur", "Incoherent", "Off prompt",
    ]  # fmt: skip
    assert (counts["Blank"], counts["Noise"], counts["Frozen"]) == (1, 0, 2)


def test_the_grid_lists_what_a_rule_has_found_worst_first(desk: Client, make_video: MakeVideo) -> None:
    less, worst, other = make_video(), make_video(), make_video()
    flag(less, value=0.992)
    flag(worst, value=1.0)
    measure(less, unchanged_share=0.992)
    measure(worst, unchanged_share=1.0)
    found_failed(other)
    content = page(desk, "screening", "?rule=frozen")
    assert shown(content) == [worst.pk, less.pk]
    assert "2 clips found" in content
    assert "0.992" in content
    assert f'src="/media/{worst.pk}/filmstrip/"' in content


def test_pages_of_the_grid(desk: Client, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.services.screening.PER_PAGE", 2)
    videos = {flag(make_video(), value=1.0).video.pk for _ in range(3)}
    first, second = (shown(page(desk, "screening", f"?rule=frozen&page={number}")) for number in (1, 2))
    assert (len(first), len(second)) == (2, 1)
    assert {*first, *second} == videos


def test_every_count_of_a_threshold_leads_to_as_many_videos(desk: Client, make_video: MakeVideo) -> None:
    for value in (0.1, 0.5, 0.9, 0.995, 1.0):
        video = make_video()
        measure(video, unchanged_share=value, luminance_spread=30.0, spatial_autocorrelation=0.9)
        if value > 0.99:
            flag(video, value=value)
    for threshold, texts in {
        0.4: ["4 videos would be flagged", "2 more than now"],
        0.999: ["1 video would be flagged", "1 would not be flagged any more"],
        0.99: ["2 videos flagged, as now"],
    }.items():
        told = desk.get(f"/screening/change/?rule=frozen&threshold={threshold}").json()["counts"]
        assert [count["text"] for count in told] == texts
        for count in told:
            listed = shown(desk.get(count["url"]).content.decode())
            assert len(listed) == int(count["text"].split()[0]), count


def test_a_threshold_is_tried_without_a_script(desk: Client, make_video: MakeVideo) -> None:
    measure(make_video(), unchanged_share=0.95, luminance_spread=30.0, spatial_autocorrelation=0.9)
    content = unescape(page(desk, "screening", "?rule=frozen&threshold=0.9"))
    assert "1 video would be flagged" in content
    assert 'name="threshold" data-part="chosen" value="0.9"' in content
    assert not Finding.objects.exists()


def test_applying_a_threshold_decides_anew_and_can_be_undone(desk: Client, make_video: MakeVideo) -> None:
    video = make_video()
    measure(video, unchanged_share=0.95, luminance_spread=30.0, spatial_autocorrelation=0.9, sharpness=100.0)
    done = desk.post("/screening/apply/", {"rule": "frozen", "threshold": "0.9", "why": "slow ones"}, follow=True)
    assert b"Set the threshold of frozen to 0.9" in done.content
    assert shown(done.content.decode()) == [video.pk]
    desk.post("/review/undo/", {"decision": Decision.objects.get().pk})
    assert shown(page(desk, "screening", "?rule=frozen")) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"threshold": "0.9", "why": " "}, "Say why; the reason is kept in the log."),
        ({"threshold": "", "why": "typed with care"}, "This field is required."),
        ({"threshold": "many", "why": "typed with care"}, "Enter a number."),
        ({"threshold": "7", "why": "typed with care"}, "give a number in between"),
        ({"threshold": "nan", "why": "typed with care"}, "Enter a number."),
    ],
)
def test_what_is_wrong_with_a_threshold_is_said_beside_it(
    desk: Client, make_video: MakeVideo, fields: dict[str, str], sentence: str
) -> None:
    make_video()
    response = desk.post("/screening/apply/", {"rule": "frozen"} | fields)
    content = unescape(response.content.decode())
    assert response.status_code == 400
    assert sentence in content
    assert f'value="{fields["why"]}"' in content
    assert not Decision.objects.exists()


def test_a_rule_or_threshold_that_makes_no_sense_is_said_so(desk: Client, make_video: MakeVideo) -> None:
    make_video()
    for query in ("?rule=ugly", "?rule=frozen&threshold=many", "?rule=frozen&threshold=9", "?show=all"):
        assert desk.get(f"/screening/{query}").status_code == 400
        told = desk.get(f"/screening/change/{query}")
        assert (told.status_code, len(told.json()["detail"]) > 20) == (400, True)


# --- duplicates ---


def test_a_group_stands_side_by_side_the_best_copy_first(desk: Client, copies: list[Video]) -> None:
    content = page(desk, "duplicates")
    assert shown(content)[0] == copies[0].pk
    assert set(shown(content)) == {video.pk for video in copies}
    assert content.count("best copy</span>") == 1
    for words in ("320 × 320", "98 % of their frames match", "starts 1.0 s later", "tiles correlate .87"):  # noqa: RUF001
        assert words in content
    assert tabs(content) == {"Copies": 1, "Likely copies": 0, "Same generation": 0, "Alike": 0}


def test_other_files_of_the_same_content_are_named(desk: Client, copies: list[Video]) -> None:
    Sighting.objects.create(video=copies[0], root="/clips", file_name="zz-again.mp4")
    assert "also as zz-again.mp4" in page(desk, "duplicates")


def test_flags_are_pairs_of_their_own(desk: Client, copies: list[Video]) -> None:
    flag(copies[1], stage="dedup", reason="likely copy", value=0.8, note=f"likely a copy of {copies[0].pk}")
    assert shown(page(desk, "duplicates", "?kind=likely")) == [copies[0].pk, copies[1].pk]
    assert shown(page(desk, "duplicates", "?kind=alike")) == []


def test_groups_are_paged(desk: Client, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.services.review.GROUPS_PER_PAGE", 1)
    for _ in range(2):
        best, copy = make_video(), make_video()
        flag(copy, stage="dedup", reason="likely copy", value=0.8, note=f"likely a copy of {best.pk}")
    pages = [page(desk, "duplicates", f"?kind=likely&page={number}") for number in (1, 2)]
    assert len({sha256 for content in pages for sha256 in shown(content)}) == 4
    assert "Group 2" in pages[1]


def test_a_page_costs_as_many_queries_whatever_it_holds(
    desk: Client, copies: list[Video], make_video: MakeVideo, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        best, copy = make_video(), make_video()
        with stage_run("dedup", THRESHOLDS):
            found_failed(copy, stage="dedup", reason="duplicate", value=0.9, note=f"copy of {best.pk}")
        flag(copy)
    with django_assert_max_num_queries(45):
        assert len(shown(page(desk, "duplicates"))) > 10
    with django_assert_max_num_queries(60):
        assert len(shown(page(desk, "screening", "?rule=frozen"))) == 8


@pytest.mark.parametrize(
    ("kind", "score", "offset", "evidence", "words"),
    [
        ("copies", 0.98, 2.0, Evidence(0.98, 0.4, 0.87, 0.0), [
            "98 % of its frames match", "40 % of the best copy's are in it",
            "starts 2.0 s later", "tiles correlate .87",
        ]),
        ("copies", 1.0, -0.52, Evidence(1.0, 1.0, 1.0, 0.99), [
            "100 % of their frames match", "starts 0.5 s earlier", "tiles correlate 1.00", "pictures agree .99",
        ]),
        ("copies", 0.97, 0.0, Evidence(None, None, 0.9, 0.97), ["tiles correlate .90", "pictures agree .97"]),
        ("copies", None, 0.0, None, ["a person said so"]),
        ("copies", 0.9, 0.0, None, ["likeness .90"]),
        ("same generation", None, 0.0, None, ["same prompt, generator and seed"]),
        ("alike", 0.951, 0.0, None, ["cosine of embeddings .95"]),
    ],
)  # fmt: skip
def test_evidence_in_words(
    kind: Kind, score: float | None, offset: float, evidence: Evidence | None, words: list[str]
) -> None:
    assert in_words(Member(Video(), "removed", score, offset, evidence), kind) == words


# --- decisions ---


def test_keep_puts_a_clip_back(desk: Client, make_video: MakeVideo) -> None:
    video = make_video()
    finding = found_failed(video)
    told = send(desk, "keep", video).json()  # type: ignore[attr-defined]
    assert (told["said"], told["undone"], state(told, video)) == ("Kept 1 video.", False, "kept")
    finding.refresh_from_db()
    assert not finding.stands


def test_removing_many_asks_why(desk: Client, alice: User, make_video: MakeVideo) -> None:
    videos = [make_video() for _ in range(3)]
    refused = send(desk, "remove", *videos)
    assert (refused.status_code, refused.json()["detail"]) == (400, "Say why; the reason is kept in the log.")  # type: ignore[attr-defined]
    told = send(desk, "remove", *videos, why="out of focus").json()  # type: ignore[attr-defined]
    assert told["said"] == "Removed 3 videos."
    assert {row["state"] for row in told["videos"]} == {"removed"}
    decision = Decision.objects.get()
    assert (decision.pk, decision.by, decision.why) == (told["decision"], alice, "out of focus")


def test_split_and_merge_tell_of_all_that_they_touch(desk: Client, copies: list[Video]) -> None:
    best, first, second = copies
    told = send(desk, "split", best, why="two lamps").json()  # type: ignore[attr-defined]
    assert (state(told, first), state(told, second)) == ("kept", "kept")  # split from the best, all are on their own
    told = send(desk, "merge", best, second, why="the same lamp").json()  # type: ignore[attr-defined]
    assert told["said"] == "Merged 2 videos."
    assert (state(told, best), state(told, second)) == ("kept", "removed")


def test_undo_takes_back_my_last_decision(desk: Client, bob: User, make_video: MakeVideo) -> None:
    first, second = make_video(), make_video()
    send(desk, "remove", first, why="dark")
    remove([second], by=bob, why="dark too")
    told = desk.post("/review/undo/", {"decision": ""}, headers={"Accept": "application/json"}).json()
    assert (told["said"], told["undone"], state(told, first)) == ("Undone: removed 1 video.", True, "kept")
    again = desk.post("/review/undo/", headers={"Accept": "application/json"})
    assert again.json()["detail"] == "There is no decision of yours to undo."
    assert Decision.objects.get(by=bob).stands


def test_what_cannot_be_done_is_said_in_a_sentence(desk: Client, make_video: MakeVideo) -> None:
    video, hidden = make_video(), make_video()
    quarantine(hidden)
    for wrong in (
        send(desk, "delete", video, why="no"),
        send(desk, "remove", why="none"),
        send(desk, "keep", video),
        send(desk, "merge", video, why="alone"),
        desk.post("/review/undo/", {"decision": "77"}, headers={"Accept": "application/json"}),
    ):
        assert wrong.status_code == 400
        assert len(wrong.json()["detail"]) > 20  # type: ignore[union-attr]
    unknown = Video(sha256="0" * 64)
    sentences = [send(desk, "remove", each, why="?").json()["detail"] for each in (hidden, unknown)]  # type: ignore[attr-defined]
    assert sentences[0].replace(hidden.pk, "x") == sentences[1].replace(unknown.pk, "x")
    assert not Decision.objects.exists()


def test_the_forms_work_without_a_script(desk: Client, make_video: MakeVideo) -> None:
    video = make_video()
    found_failed(video)
    fields = {"action": "keep", "videos": video.pk, "why": "", "next": "/screening/?rule=blank"}
    done = desk.post("/review/decide/", fields)
    assert done["Location"] == "/screening/?rule=blank"
    assert b"Kept 1 video." in desk.get(done["Location"]).content
    done = desk.post("/review/undo/", {"next": "//elsewhere.example/"})
    assert done["Location"] == "/log/"
    refused = desk.post("/review/decide/", {"action": "remove", "videos": video.pk})
    assert refused.status_code == 400
    assert b"Say why" in refused.content


def test_decisions_need_the_token_of_the_page(alice: User, make_video: MakeVideo) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for name in ("review-decide", "review-undo", "screening-apply"):
        assert strict.post(reverse(name), {"action": "remove", "why": "x"}).status_code == 403


# --- all three ---


@pytest.mark.parametrize("name", ["screening", "duplicates", "log"])
def test_an_empty_page_names_the_command_that_fills_it(desk: Client, name: str) -> None:
    assert re.search(r"<code>python manage.py \w+", page(desk, name))


def test_texts_of_strangers_are_text(desk: Client, make_video: MakeVideo) -> None:
    best = make_video(prompt=HOSTILE + RIGHT_TO_LEFT + LONG, file_name=f'"{HOSTILE}.mp4')
    copy = make_video(prompt=HOSTILE)
    flag(best)
    flag(copy, stage="dedup", reason="likely copy", value=0.8, note=f"likely a copy of {best.pk}")
    for content in (page(desk, "screening", "?rule=frozen"), page(desk, "duplicates", "?kind=likely")):
        assert HOSTILE not in content
        assert content.count("&lt;script&gt;") >= 3
        assert RIGHT_TO_LEFT in content
        assert LONG not in content  # cut, the whole is on the page of the video


def test_every_page_is_in_one_piece_and_plays_nothing(desk: Client, copies: list[Video], alice: User) -> None:
    """No inline script or style: a policy that forbids them comes later."""
    keep([copies[1]], by=alice)
    Finding.objects.create(video=copies[0], stage="screen", reason="frozen", effect=Effect.FLAG, value=1.0)
    for content in (page(desk, "screening", "?rule=frozen"), page(desk, "duplicates"), page(desk, "log")):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|autoplay", content)
        assert content.count("<h1") == 1
        assert content.count('<video preload="none" muted') == content.count("<video")
        identities = re.findall(r'\sid="([^"]+)"', content)
        assert len(identities) == len(set(identities))
