"""Pages: what they show, where their numbers lead, and what they are when there is nothing yet."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from annotation.models import Study
from annotation.services.bars import funnel_bars
from annotation.services.funnel import funnel
from annotation.services.studies import add_rater
from config.models import User
from datasets.models import Effect, Finding, Sighting, Video
from tests.conftest import MakeVideo, World, client_of, flag, quarantine, remove

LONG = "A very long prompt, " * 100
RIGHT_TO_LEFT = "\u0641\u064a\u062f\u064a\u0648 \u0644\u0642\u0637\u0629 \u0648\u0643\u0644\u0628"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def desk(alice: User) -> Client:
    return client_of(alice)


def listed(desk: Client, query: str) -> set[str]:
    """The SHA-256s that the list links to, all pages of it."""
    return set(re.findall(r'href="/videos/([0-9a-f]{64})/"', desk.get(f"/videos/{query}").content.decode()))


def shas(*videos: Video) -> set[str]:
    return {video.sha256 for video in videos}


@pytest.mark.parametrize("name", ["videos", "clusters", "studies", "funnel", "releases"])
def test_an_empty_page_names_the_command_that_fills_it(desk: Client, name: str) -> None:
    assert re.search(rb"<code>python manage.py \w+", desk.get(reverse(name)).content)


def test_states_of_the_list(desk: Client, make_video: MakeVideo) -> None:
    kept, flagged, blank, copy, hidden = (make_video() for _ in range(5))
    flag(flagged)
    remove(blank)
    remove(copy, stage="dedup", reason="near copy")
    quarantine(hidden)
    assert listed(desk, "") == shas(kept, flagged, blank, copy)
    assert listed(desk, "?state=kept") == shas(kept, flagged)
    assert listed(desk, "?state=flagged") == shas(flagged)
    assert listed(desk, "?state=removed") == shas(blank, copy)
    assert listed(desk, "?state=failed") == shas(blank)
    assert listed(desk, "?state=near_duplicates") == shas(copy)
    assert listed(desk, "?reason=blank") == shas(blank)
    assert b"1 in quarantine" in desk.get("/videos/").content


def test_filters_of_the_list(desk: Client, make_video: MakeVideo) -> None:
    cat = make_video(prompt="A cat in the rain", generator="alpha")
    dog = make_video(prompt="A dog", generator="beta")
    Sighting.objects.create(video=dog, root="/clips", file_name="again.mp4")
    assert listed(desk, "?q=CAT") == shas(cat)
    assert listed(desk, "?generator=beta") == shas(dog)
    assert listed(desk, "?generator=beta&q=cat") == set()
    assert listed(desk, "?copies=exact") == shas(dog)
    assert b"No video meets these filters" in desk.get("/videos/?q=horse").content


def test_clusters_and_copies_filter_the_list(desk: Client, world: World) -> None:
    assert listed(desk, "?cluster=0") == shas(world.video, world.copy)
    assert listed(desk, "?cluster=7") == set()
    assert listed(desk, "?copies=near") == shas(world.video, world.copy)
    assert listed(desk, f"?study={world.study.pk}&state=labelled") == shas(world.video)
    assert listed(desk, f"?study={world.study.pk}&choice=distorted&verdict=yes") == shas(world.video)
    assert listed(desk, f"?study={world.study.pk}&choice=distorted&verdict=no") == set()


def test_a_filter_that_makes_no_sense_is_said_so(desk: Client) -> None:
    for query in (
        "?cluster=first",
        "?state=gone",
        "?sort=password",
        "?study=9999999999999999999999",
        "?verdict=maybe",
    ):
        response = desk.get(f"/videos/{query}")
        assert response.status_code == 400
        assert b"makes no sense" in response.content


def test_order_and_pages(desk: Client, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.views.videos.PER_PAGE", 2)
    short, long, middle = (make_video(duration=seconds) for seconds in (1.0, 9.0, 5.0))
    assert listed(desk, "?sort=-duration") == shas(long, middle)
    assert listed(desk, "?sort=-duration&page=2") == shas(short)
    assert b"page 2 of 2" in desk.get("/videos/?sort=-duration&page=99").content


def test_numbers_of_the_funnel_lead_to_as_many_videos(desk: Client, world: World, make_video: MakeVideo) -> None:
    remove(make_video())
    remove(make_video(), stage="dedup", reason="near copy")
    remove(make_video(), stage="review", reason="watermark")
    Sighting.objects.create(video=world.video, root="/clips", file_name="twice.mp4")
    bars = [bar for bar in funnel_bars(funnel()) if bar.url.startswith("/videos/") and bar.step.key != "found"]
    assert len(bars) >= 9
    for bar in bars:
        assert len(listed(desk, bar.url.removeprefix("/videos/"))) == bar.step.count, bar.step.key


def test_numbers_of_a_study_lead_to_as_many_videos(desk: Client, world: World) -> None:
    content = desk.get(f"/studies/{world.study.pk}/").content.decode()
    links = re.findall(r'<a href="/videos/(\?[^"]*)">([\d,]+)</a>', content)
    assert len(links) > 10
    for query, number in links:
        assert len(listed(desk, query.replace("&amp;", "&"))) == int(number), query


def test_texts_of_strangers_are_text(desk: Client, make_video: MakeVideo) -> None:
    video = make_video(prompt=HOSTILE + RIGHT_TO_LEFT + LONG, generator=HOSTILE, file_name=HOSTILE)
    for page in ("/videos/", f"/videos/{video.sha256}/", "/videos/?q=" + HOSTILE):
        content = desk.get(page).content.decode()
        assert HOSTILE not in content
        assert "&lt;script&gt;" in content


def test_the_page_of_a_video(desk: Client, world: World) -> None:
    content = desk.get(f"/videos/{world.video.sha256}/").content.decode()
    for part in ("the hidden one", "frozen", world.copy.sha256, "Cluster 0", "disc", "Distorted"):
        assert part in content
    assert "autoplay" not in content
    assert 'preload="none" muted' in content
    assert world.study.slots.get(video=world.video).rater.pseudonym in content  # type: ignore[union-attr]
    assert "rita" not in content


@pytest.mark.parametrize("effect", [Effect.FLAG, Effect.REMOVE])
def test_a_researcher_marks_a_video_and_puts_it_back(alice: User, make_video: MakeVideo, effect: Effect) -> None:
    video, desk = make_video(), client_of(alice)
    page = f"/videos/{video.sha256}/"
    assert desk.post(f"{page}mark/", {"effect": effect, "reason": "watermark"}).status_code == 302
    finding = Finding.objects.get()
    assert (finding.effect, finding.reason, finding.stage, finding.by) == (effect, "watermark", "review", alice)
    assert desk.post(f"/findings/{finding.pk}/lift/", {"why": "a mistake"}).status_code == 302
    finding.refresh_from_db()
    assert (finding.stands, finding.lifted_by, finding.lifted_why) == (False, alice, "a mistake")
    assert b"a mistake" in desk.get(page).content


def test_quarantine_asks_for_a_typed_word(desk: Client, make_video: MakeVideo) -> None:
    video = make_video()
    form = {"effect": "quarantine", "reason": "illegal", "note": "what I typed"}
    refused = desk.post(f"/videos/{video.sha256}/mark/", form)
    assert refused.status_code == 400
    assert b"what I typed" in refused.content
    assert b"type the word quarantine" in refused.content
    assert not Finding.objects.exists()
    done = desk.post(f"/videos/{video.sha256}/mark/", form | {"confirm": "quarantine"}, follow=True)
    assert b"It is shown to nobody any more" in done.content
    assert desk.get(f"/videos/{video.sha256}/").status_code == 404


def test_forms_keep_what_was_typed(desk: Client, make_video: MakeVideo) -> None:
    video = make_video()
    finding = flag(video)
    same = {"effect": "flag", "reason": "twice", "note": "typed with care"}
    desk.post(f"/videos/{video.sha256}/mark/", same)
    again = desk.post(f"/videos/{video.sha256}/mark/", same)
    assert again.status_code == 400
    assert b"typed with care" in again.content
    assert b"already marked" in again.content
    assert desk.post(f"/findings/{finding.pk}/lift/", {"why": " "}).status_code == 400


def test_home_knows_where_people_work(desk: Client, rita: User, sam: User, study: Study) -> None:
    assert desk.get("/")["Location"] == "/videos/"
    assert client_of(rita).get("/")["Location"] == f"/rate/{study.pk}/"
    assert b"No clips are assigned to you yet" not in client_of(rita).get("/rate/").content
    assert b"No clips are assigned to you yet" in client_of(sam).get("/").content


def test_a_rater_whose_clips_are_still_to_come(sam: User, study: Study) -> None:
    add_rater(sam)
    assert b"No clips are assigned to you yet" in client_of(sam).get("/").content


def test_the_rating_page_tells_nothing_of_its_clips(rita: User, study: Study, clips: list[Video]) -> None:
    content = client_of(rita).get(f"/rate/{study.pk}/").content.decode()
    assert "clip 1 of 3" in content
    assert "prompt number" not in content
    assert "autoplay" not in content


def test_when_all_clips_left_the_funnel(rita: User, study: Study, clips: list[Video]) -> None:
    for clip in clips:
        remove(clip)
    assert b"No clips are left here" in client_of(rita).get(f"/rate/{study.pk}/").content


def test_every_page_is_in_one_piece(desk: Client, rita: User, world: World) -> None:
    """No inline script or style: a policy that forbids them comes later."""
    pages = ["/videos/", f"/videos/{world.video.sha256}/", "/clusters/", "/studies/", f"/studies/{world.study.pk}/"]
    answers = [desk.get(page) for page in [*pages, "/funnel/", "/releases/", "/nowhere/"]]
    answers += [client_of(rita).get(page) for page in ("/rate/", f"/rate/{world.study.pk}/", "/videos/")]
    answers.append(client_of(None).get("/login/"))
    for response in answers:
        content = response.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", content)
        assert content.count("<h1") == 1
        assert '<html lang="en"' in content


@pytest.mark.parametrize(("theme", "shown"), [("dark", True), ("light", True), ("pink", False), ('"><b>', False)])
def test_the_theme_is_remembered(alice: User, theme: str, shown: bool) -> None:
    desk = client_of(alice)
    desk.cookies["theme"] = theme
    assert (f'data-theme="{theme}"' in desk.get("/videos/").content.decode()) is shown


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_say_one_thing_and_a_way_on(page: str) -> None:
    content = render_to_string(f"{page}.html")
    assert content.count('<p class="lead">') == 1
    assert 'href="/"' in content


def test_a_broken_page_says_so_calmly(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise RuntimeError

    monkeypatch.setattr("annotation.services.results.clustering", broken)
    desk = client_of(alice)
    desk.raise_request_exception = False
    response = desk.get("/clusters/")
    assert response.status_code == 500
    assert b"Nothing that was saved is lost" in response.content


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ 2112|thousands }}", "2,112"),
        ("{{ x|fixed }}", "\N{MINUS SIGN}0.250"),
        ("{{ nothing|fixed }}", "\N{EN DASH}"),
        ("{{ share|percent }}", "81.2 %"),
        ("{{ nothing|percent }}", "\N{EN DASH}"),
        ("{{ x|significant }}", "\N{MINUS SIGN}0.25"),
        ("{{ share|along:192 }}", "160.0"),
    ],
)
def test_how_numbers_are_written(text: str, written: str) -> None:
    context = Context({"x": -0.25, "nothing": None, "share": 0.8125})
    assert Template("{% load winnow %}" + text).render(context) == written
