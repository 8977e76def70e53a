"""Taking in files: what is stored, seen, ignored and refused, and that nothing is half done."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management.base import CommandError
from scipy import ndimage

from datasets.fingerprints import Fingerprint as Prints
from datasets.models import Fingerprint, Incident, Measures, Reject, Run, Sighting, Video
from datasets.pdq import hash_frame
from datasets.pictures import Pixels
from tests.clips import moving_disc, write_clip
from tests.commands import SHARED, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    (folder / "deep").mkdir(parents=True)
    write_clip(folder / "one.mp4", moving_disc(seed=1))
    write_clip(folder / "deep" / "two.webm", moving_disc(seed=2), codec="vp9")
    shutil.copy(folder / "one.mp4", folder / "copy of one.mp4")
    (folder / "notes.txt").write_text("not a video")
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_stores_content_once_and_every_sighting(folder: Path, media: Path) -> None:
    answer = run("ingest", folder)
    assert answer == {"stored": 2, "seen": 1, "ignored": 1, "held": 0, "rejected": [], "manifest": []}
    assert Video.objects.count() == Measures.objects.count() == 2
    assert sorted(Sighting.objects.values_list("file_name", flat=True)) == [
        "copy of one.mp4",
        "deep/two.webm",
        "one.mp4",
    ]
    names = {video.media_name for video in Video.objects.all()}
    names |= {name for video in Video.objects.all() for name in (video.frames_name, video.filmstrip_name)}
    assert files_in(media) == sorted(Path(name).name for name in names)


def test_media_are_the_files_byte_for_byte(folder: Path) -> None:
    run("ingest", folder)
    video = Sighting.objects.get(file_name="one.mp4").video
    with default_storage.open(video.media_name) as stored:
        assert stored.read() == (folder / "one.mp4").read_bytes()
    assert (video.width, video.height, video.frame_count, video.codec) == (64, 64, 16, "h264")


def test_again_changes_nothing(folder: Path, media: Path) -> None:
    run("ingest", folder)
    before = list(Sighting.objects.values()), list(Video.objects.values()), files_in(media)
    assert run("ingest", folder)["stored"] == 0
    assert (list(Sighting.objects.values()), list(Video.objects.values()), files_in(media)) == before


def test_manifest_tells_prompts_and_keeps_unknown_columns(folder: Path) -> None:
    manifest = folder / "manifest.csv"
    manifest.write_text(
        "file_name,prompt,generator,seed,steps,guidance_scale,mood\n"
        'one.mp4,"a disc, moving",drawer,18446744073709551615,20,7.5,calm\n'
        "copy of one.mp4,the same disc,drawer,7,,,\n"
        "gone.mp4,nothing,drawer,1,,,\n"
        "deep/two.webm,another disc,drawer,many,,,\n"
    )
    answer = run("ingest", folder, "--manifest", manifest)
    one = Sighting.objects.get(file_name="one.mp4")
    assert (one.prompt, one.generator, one.seed, one.steps) == (
        "a disc, moving",
        "drawer",
        str(2**64 - 1),
        20,
    )
    assert (one.guidance_scale, one.extra) == (7.5, {"mood": "calm"})
    assert Sighting.objects.get(file_name="copy of one.mp4").prompt == "the same disc"
    assert [(problem["line"], problem["file_name"]) for problem in answer["manifest"]] == [
        (5, "deep/two.webm"),
        (4, "gone.mp4"),
    ]
    assert answer["ignored"] == 1, "the manifest itself is not an ignored file"


def test_a_bad_file_is_a_reject_and_stops_nothing(folder: Path) -> None:
    (folder / "empty.mp4").touch()
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile one.mp4\n")
    answer = run("ingest", folder)
    assert answer["stored"] == 2
    assert {item["path"] for item in answer["rejected"]} == {"empty.mp4", "list.mp4"}
    assert all(item["reason"] for item in answer["rejected"])
    assert Reject.objects.count() == 2


def test_a_mended_file_is_no_reject_any_more(folder: Path) -> None:
    (folder / "late.mp4").touch()
    run("ingest", folder)
    write_clip(folder / "late.mp4", moving_disc(seed=3))
    assert run("ingest", folder)["stored"] == 1
    assert not Reject.objects.exists()


def test_links_are_refused_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = write_clip(tmp_path / "outside.mp4", moving_disc(seed=4))
    (folder / "link.mp4").symlink_to(outside)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    answer = run("ingest", folder)
    assert answer["stored"] == 2
    assert [item["path"] for item in answer["rejected"]] == ["link.mp4", "loop"]


def test_names_that_are_not_utf8_are_kept_as_escapes(folder: Path) -> None:
    (folder / "one.mp4").rename(os.fsdecode(os.fsencode(folder) + b"/\xff.mp4"))
    run("ingest", folder)
    assert Sighting.objects.filter(file_name="\\udcff.mp4").exists()


def test_single_files_can_be_named(folder: Path) -> None:
    assert run("ingest", folder / "one.mp4", folder / "deep" / "two.webm")["stored"] == 2


def test_a_missing_path_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="There is nothing at /nowhere; check the path"):
        run("ingest", "/nowhere")


def test_a_store_that_cannot_be_written_ends_the_run_and_nothing_is_rejected(
    folder: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media.parent.mkdir(exist_ok=True)
    media.write_text("a file where the folder should be")
    with pytest.raises(CommandError, match="cannot be written"):
        run("ingest", folder)
    assert not Reject.objects.exists()
    assert not Run.objects.exclude(finished_at=None).exists()


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/videos is not beside this checkout")
def test_the_real_clips() -> None:
    answer = run("ingest", SHARED, "--manifest", SHARED / "manifest.csv")
    assert (answer["stored"], answer["seen"], answer["rejected"]) == (12, 1, [])


def test_known_content_is_set_aside_and_not_named(folder: Path, media: Path, tmp_path: Path) -> None:
    known = tmp_path / "list.txt"
    known.write_text(hashlib.md5((folder / "one.mp4").read_bytes()).hexdigest() + "\n")
    run("known_content", "load", known, "--list", "test", "--algorithm", "md5")
    answer = run("ingest", folder)
    assert (answer["stored"], answer["held"]) == (1, 2)
    assert "one.mp4" not in str(answer)
    assert not Sighting.objects.filter(file_name="one.mp4").exists()
    assert Incident.objects.count() == 1
    assert run("ingest", folder)["held"] == 2
    assert len(list((media / ".quarantine").iterdir())) == 1


def textured() -> Pixels:
    """A picture with enough gradients for a usable PDQ hash, sliding sideways."""
    rng = np.random.default_rng(5)
    ground = ndimage.gaussian_filter(rng.normal(size=(128, 128)), 5)
    picture = np.clip(128 + 90 * ground / ground.std(), 0, 255).astype(np.uint8)
    return np.stack([np.roll(picture, 2 * step, axis=1)[..., None].repeat(3, axis=2) for step in range(8)])


def test_a_copy_of_known_frames_is_stored_hidden(folder: Path, tmp_path: Path) -> None:
    run("ingest", write_clip(folder / "seen.mp4", textured()))
    frames = Fingerprint.objects.get().content
    known = tmp_path / "list.txt"
    hashes = Prints.from_bytes(bytes(frames)).hashes
    known.write_text("\n".join(bytes(row).hex() for row in hashes) + "\n")
    run("known_content", "load", known, "--list", "test", "--algorithm", "pdq")
    run("ingest", write_clip(folder / "again.mkv", textured(), codec="mpeg4"))
    assert Video.objects.count() == 2
    assert not Video.objects.visible().exists()


@pytest.mark.parametrize("bars_on_the_list", [True, False])
@pytest.mark.parametrize("loaded", ["before", "after"])
def test_a_clip_between_bars_is_known_by_its_whole_frames_and_by_its_picture(
    tmp_path: Path, bars_on_the_list: bool, loaded: str
) -> None:
    barred = np.pad(textured(), ((0, 0), (40, 40), (0, 0), (0, 0)))
    listed = (barred if bars_on_the_list else textured())[4, :, :, 0]
    known = tmp_path / "list.txt"
    known.write_text(hash_frame(listed)[0].tobytes().hex() + "\n")
    write_clip(tmp_path / "barred.mp4", barred)
    if loaded == "before":
        run("known_content", "load", known, "--list", "test", "--algorithm", "pdq")
    run("ingest", tmp_path / "barred.mp4")
    if loaded == "after":
        answer = run("known_content", "load", known, "--list", "test", "--algorithm", "pdq")
        assert answer["sweep"]["framed"] == 1
    assert Video.objects.count() == Incident.objects.count() == 1
    assert not Video.objects.visible().exists()


def test_a_prompt_that_fires_the_gate_hides_its_video(folder: Path) -> None:
    manifest = folder / "manifest.csv"
    manifest.write_text("file_name,prompt\none.mp4,a disc\ndeep/two.webm,a nude teenager\n")
    run("ingest", folder, "--manifest", manifest)
    assert set(Video.objects.visible().values_list("sightings__file_name", flat=True)) == {
        "one.mp4",
        "copy of one.mp4",
    }


def test_a_configured_list_that_cannot_be_read_stops_ingest(folder: Path, settings, tmp_path: Path) -> None:
    settings.WINNOW_KNOWN_LISTS = [tmp_path / "gone.csv"]
    with pytest.raises(CommandError, match="cannot be read"):
        run("ingest", folder)
    assert not Video.objects.exists()
