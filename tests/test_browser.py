"""The pages in a real browser: a rater labels by keyboard, nothing is shown by accident, it fits a phone."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from annotation.models import Answer, Study
from config.models import User
from datasets.models import Video
from tests.browser import IN_BROWSER, PHONE, Visit
from tests.commands import run
from tests.conftest import World

pytestmark = IN_BROWSER


def clip(page: Page) -> Any:
    return page.locator(".clip:not([hidden])")


def position(page: Page, text: str) -> None:
    expect(page.locator("[data-part=position]")).to_have_text(text)


def saved(page: Page) -> None:
    expect(page.locator("[data-part=mark]")).to_have_text("Saved")


def ready(page: Page) -> None:
    expect(clip(page)).to_have_count(1)


def newest(study: Study, video: Video) -> tuple[str, list[str], int]:
    answer = Answer.objects.filter(slot__study=study, slot__video=video).order_by("version").last()
    assert answer is not None
    return answer.outcome, [choice.key for choice in answer.labels.all()], answer.version


def test_a_rater_labels_by_keyboard_to_the_end(visit: Visit, rita: User, study: Study, clips: list[Video]) -> None:
    page = visit(rita)
    expect(page).to_have_url(f"{page.url.split('/rate')[0]}/rate/{study.pk}/")
    ready(page)
    position(page, "clip 1 of 3")
    page.keyboard.press("1")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    position(page, "clip 2 of 3")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    position(page, "clip 3 of 3")
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="That was the last clip")).to_be_visible()
    assert newest(study, clips[0]) == ("labels", ["distorted", "violent"], 1)
    assert newest(study, clips[1]) == ("none", [], 1)
    assert newest(study, clips[2]) == ("skipped", [], 1)
    assert exported(study) == {
        clips[0].sha256: ("labels", "distorted|violent"),
        clips[1].sha256: ("none", ""),
        clips[2].sha256: ("skipped", ""),
    }


def exported(study: Study) -> dict[str, tuple[str, str]]:
    """Outcome and labels of every answer in a release of the study, by video."""
    run("aggregate", "--study", study.name)
    folder = Path(run("export_dataset", "--study", study.name)["folder"])
    with (folder / "answers.csv").open(newline="") as file:
        return {row["sha256"]: (row["outcome"], row["labels"]) for row in csv.DictReader(file)}


def test_enter_is_dead_without_an_answer_and_says_so(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    button = page.get_by_role("button", name="Next clip")
    expect(button).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=hint][data-urgent]")).to_have_text("Choose at least one, or 0 for none of these.")
    position(page, "clip 1 of 3")
    page.keyboard.press("2")
    expect(button).to_have_attribute("aria-disabled", "false")


def test_none_clears_the_others_and_the_other_way_round(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    violent, none = page.get_by_label("Violent / bloody"), page.get_by_label("None of these")
    page.keyboard.press("4")
    expect(violent).to_be_checked()
    page.keyboard.press("0")
    expect(none).to_be_checked()
    expect(violent).not_to_be_checked()
    page.get_by_text("Violent / bloody").first.click()
    expect(violent).to_be_checked()
    expect(none).not_to_be_checked()


def test_the_mouse_does_what_the_keys_do(visit: Visit, rita: User, study: Study, clips: list[Video]) -> None:
    page = visit(rita)
    ready(page)
    page.get_by_text("Terrifying").first.click()
    page.get_by_role("button", name="Next clip").click()
    position(page, "clip 2 of 3")
    page.get_by_role("button", name="I will not view this one").click()
    position(page, "clip 3 of 3")
    saved(page)
    assert newest(study, clips[0]) == ("labels", ["terrifying"], 1)
    page.keyboard.press("0")
    page.keyboard.press("Enter")  # the keys are the page's again after a click
    expect(page.get_by_role("heading", name="That was the last clip")).to_be_visible()


def test_back_corrects_with_a_new_version(visit: Visit, rita: User, study: Study, clips: list[Video]) -> None:
    page = visit(rita)
    ready(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    position(page, "clip 2 of 3")
    page.keyboard.press("3")
    page.keyboard.press("z")
    position(page, "correcting clip 1 of 3")
    expect(page.get_by_label("Distorted / weird")).to_be_checked()
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    position(page, "clip 2 of 3")
    expect(page.get_by_label("Pornographic")).to_be_checked()  # what was ticked before is still there
    saved(page)
    assert newest(study, clips[0]) == ("none", [], 2)


def test_the_last_page_leads_back_to_the_last_answer(
    visit: Visit, rita: User, study: Study, clips: list[Video]
) -> None:
    page = visit(rita)
    ready(page)
    for at in (1, 2, 3):
        position(page, f"clip {at} of 3")
        page.keyboard.press("0")
        page.keyboard.press("Enter")
    page.get_by_role("link", name="Correct my last answer").click()
    position(page, "correcting clip 3 of 3")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="That was the last clip")).to_be_visible()
    assert newest(study, clips[2]) == ("labels", ["political"], 2)


def test_nothing_is_seen_by_accident(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    video = clip(page).locator("video")
    assert video.evaluate("video => [video.paused, video.muted, video.autoplay]") == [True, True, False]
    assert "blur" in video.evaluate("video => getComputedStyle(video).filter")
    clip(page).hover()
    expect(clip(page)).to_have_attribute("data-veil", "on")
    page.keyboard.down("r")
    expect(clip(page)).to_have_attribute("data-veil", "off")
    assert video.evaluate("video => getComputedStyle(video).filter") == "none"
    page.keyboard.up("r")
    expect(clip(page)).to_have_attribute("data-veil", "on")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert video.evaluate("video => [video.paused, video.muted]") == [False, True]
    page.get_by_role("button", name="Show").click()
    expect(clip(page)).to_have_attribute("data-veil", "off")
    page.keyboard.press("Escape")
    expect(clip(page)).to_have_attribute("data-veil", "on")
    assert video.evaluate("video => video.paused")


def test_the_next_clip_comes_hidden_too(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    clip(page).click()
    expect(clip(page)).to_have_attribute("data-veil", "off")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    position(page, "clip 2 of 3")
    expect(clip(page)).to_have_attribute("data-veil", "on")


def test_the_next_clip_is_there_before_it_is_asked_for(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ahead = page.locator(".clip[hidden] video")
    expect(ahead).to_have_count(1)
    page.wait_for_function("document.querySelector('.clip[hidden] video').readyState >= 2")


def test_answers_wait_offline_and_survive_a_reload(
    visit: Visit, rita: User, study: Study, clips: list[Video]
) -> None:
    page = visit(rita)
    ready(page)

    def cut(route: Route) -> None:
        route.abort("internetdisconnected")

    page.route("**/answers", cut)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=mark]")).to_contain_text("Offline")
    position(page, "clip 2 of 3")
    page.reload()
    position(page, "clip 2 of 3")
    assert not Answer.objects.exists()
    page.unroute("**/answers", cut)
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    saved(page)
    assert newest(study, clips[0]) == ("labels", ["violent"], 1)
    assert newest(study, clips[1]) == ("none", [], 1)
    assert page.evaluate("localStorage.length") == 0


def test_an_answer_whose_receipt_was_lost_is_kept_once(
    visit: Visit, rita: User, study: Study, clips: list[Video]
) -> None:
    page = visit(rita)
    ready(page)
    lost = 0

    def lose_receipt(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost > 1:
            route.continue_()
        else:
            route.fetch()
            route.abort()

    page.route("**/answers", lose_receipt)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    position(page, "clip 2 of 3")
    expect(page.locator("[data-part=mark]")).to_contain_text("Offline")
    saved(page)
    assert lost == 2
    assert newest(study, clips[0]) == ("labels", ["violent"], 1)


def test_definitions_and_keys(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    page.keyboard.press("d")
    expect(page.get_by_text("Harm done to people or animals", exact=False)).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("d")
    expect(page.get_by_label("Distorted / weird")).not_to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys of this page")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keys of this page")).to_be_hidden()


def test_the_answers_never_move(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    form = page.locator("[data-part=form]")
    before = form.bounding_box()
    for key in ("4", "0", "r", "Space", "Enter", "z"):
        page.keyboard.press(key)
        assert form.bounding_box() == before


def test_by_keyboard_alone_in_the_order_of_the_page(visit: Visit, rita: User, study: Study) -> None:
    page = visit(rita)
    ready(page)
    names = []
    for _ in range(16):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("(document.activeElement.closest('label') ?? document.activeElement).innerText.trim()")
        )
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.matches(':focus-visible')"
        )
    seen = " | ".join(" ".join(name.split()) for name in names)
    order = [
        "Skip to",
        "Theme",
        "Stop",
        "Play",
        "Show",
        "1 Distorted",
        "5 Political",
        "0 None",
        "Next clip",
        "I will not",
    ]
    places = [seen.index(word) for word in order]
    assert places == sorted(places), seen
    page.get_by_label("Political").focus()
    page.keyboard.press("Space")  # a box that has the focus is ticked, the clip stays still
    expect(page.get_by_label("Political")).to_be_checked()
    assert clip(page).locator("video").evaluate("video => video.paused")


def test_a_researcher_looks_at_a_clip(visit: Visit, alice: User, world: World) -> None:
    page = visit(alice, f"/videos/{world.video.sha256}/")
    veil, video = page.locator("#clip"), page.locator("#clip video")
    assert video.evaluate("video => [video.preload, video.paused, video.readyState]") == ["none", True, 0]
    page.get_by_role("button", name="Show the clip").click()
    expect(veil).to_have_attribute("data-veil", "off")
    page.wait_for_function("document.querySelector('#clip video').readyState >= 2")
    assert video.evaluate("video => [video.paused, video.muted]") == [True, True]
    page.keyboard.press("Escape")
    expect(veil).to_have_attribute("data-veil", "on")


def test_dark_by_the_device_and_by_the_switch(visit: Visit, alice: User) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = visit(alice, "/videos/", color_scheme="light")
    dark = visit(alice, "/videos/", color_scheme="dark")
    assert light.evaluate(ground) != dark.evaluate(ground)
    night = dark.evaluate(ground)
    switch = light.get_by_role("button", name="Theme")
    switch.click()
    switch.click()
    expect(switch).to_have_text("Theme: dark")
    assert light.evaluate(ground) == night
    light.reload()
    assert light.evaluate(ground) == night
    expect(switch).to_have_text("Theme: dark")


def test_a_phone_never_scrolls_sideways(visit: Visit, alice: User, rita: User, world: World) -> None:
    world.copy.sightings.update(prompt="x" * 2000, generator="y" * 200)
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    desk = visit(alice, viewport=PHONE)
    pages = ["/videos/", f"/videos/{world.copy.sha256}/", f"/videos/{world.video.sha256}/", "/clusters/", "/studies/"]
    for path in [*pages, f"/studies/{world.study.pk}/", "/funnel/", "/releases/", "/nowhere/"]:
        desk.goto(path)
        assert desk.evaluate(wider) <= 0, path
    desk.goto("/videos/")
    menu = desk.get_by_role("button", name="Menu")
    expect(desk.get_by_role("link", name="Funnel")).to_be_hidden()
    menu.click()
    expect(desk.get_by_role("link", name="Funnel")).to_be_visible()
    hand = visit(rita, f"/rate/{world.study.pk}/", viewport=PHONE)
    ready(hand)
    assert hand.evaluate(wider) <= 0
