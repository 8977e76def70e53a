"""Lists of known material: read, matched, loaded, withdrawn, swept. All hashes are of drawn clips, or of nothing."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from config.errors import UserError
from config.models import User
from datasets.fingerprints import Fingerprint as Prints
from datasets.known import read_list
from datasets.models import Digest, Fingerprint, HashEntry, HashList, Incident, Run, Video
from datasets.services.findings import lift_finding
from datasets.services.known import active_matcher, lists, lists_line, load_list, require_lists, sweep, withdraw_list
from datasets.services.quarantine import hold_unseen, in_quarantine, vote_release
from tests.commands import run
from tests.conftest import MakeVideo
from tests.test_known_match import PDQ, flipped, frames, good, signal

HEAD = ["signal_type", "signal_str", "collab", "category", "tags"]  # of `threatexchange dataset -P --csv`
MD5, SHA1, SHA256 = (hashlib.new(name, b"harmless").hexdigest() for name in ("md5", "sha1", "sha256"))


def write_csv(path: Path, *rows: Iterable[str]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    return path


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# --- reading ---


def test_the_csv_of_threatexchange(tmp_path: Path) -> None:
    vpdq = signal(frames(1))
    path = write_csv(
        tmp_path / "list.csv",
        ["video_md5", MD5.upper(), "Sample", "POSITIVE_CLASS", "a b"],
        ["video_sha256", SHA256, "Sample", "INVESTIGATION_SEED", ""],
        ["pdq", PDQ, "Sample", "DISPUTED", ""],
        ["vpdq", vpdq, "Sample", "POSITIVE_CLASS", ""],
        ["raw_text", "some, words", "Sample", "POSITIVE_CLASS", ""],
        ["pdq", PDQ[::-1], "Sample", "NEGATIVE_CLASS", ""],
        ["pdq", "not hexadecimal", "Sample", "POSITIVE_CLASS", ""],
    )
    found = read_list(path)
    assert [(e.algorithm, e.value, e.line) for e in found.entries] == [
        ("md5", MD5, 2), ("sha256", SHA256, 3), ("pdq", PDQ, 4), ("vpdq", vpdq, 5),
    ]  # fmt: skip
    assert found.entries[0].note == "Sample POSITIVE_CLASS a b"
    assert (dict(found.unknown), found.disowned) == ({"raw_text": 1}, 1)
    assert found.complaints() == [
        "list.csv line 8: is no pdq value (not 64 hexadecimal digits)",
        "list.csv: 1 of signal type 'raw_text', which Winnow cannot compare, left out",
        "list.csv: 1 marked withdrawn or false positive, left out",
    ]


def test_the_lines_of_threatexchange(tmp_path: Path) -> None:
    vpdq = signal(frames(1))
    path = write(
        tmp_path / "list.txt", f"video_md5 {MD5}\nvpdq {vpdq} 'Sample' x\n\npdq {PDQ} 'Sample'\nurl http://a b\n"
    )
    found = read_list(path)
    assert [(e.algorithm, e.value, e.note) for e in found.entries] == [
        ("md5", MD5, ""), ("vpdq", vpdq, "'Sample' x"), ("pdq", PDQ, "'Sample'"),
    ]  # fmt: skip
    assert found.unknown == {"url": 1}


def test_the_store_of_its_command_line(tmp_path: Path) -> None:
    path = write(tmp_path / "simple.HASH_PDQ.te", f"{PDQ},6789,today,tag1 tag2\n")
    assert [(e.algorithm, e.value, e.note) for e in read_list(path).entries] == [("pdq", PDQ, "tag1 tag2")]


@pytest.mark.parametrize("algorithm", ["sha1", "SHA-1", "HASH_SHA1"])
def test_bare_digests_with_an_algorithm(tmp_path: Path, algorithm: str) -> None:
    path = write(tmp_path / "list.txt", f"{SHA1}\n{SHA1.upper()}\r\nnonsense\n")
    found = read_list(path, algorithm)
    assert [(e.algorithm, e.value) for e in found.entries] == [("sha1", SHA1)], "once, however often it is listed"
    assert found.problems == ["list.txt line 3: is no sha1 value (not 40 hexadecimal digits)"]


RECORDS = {
    "same keys as the CSV": [{"signal_type": "pdq", "signal_str": PDQ, "quality": 70}],
    "Graph API": {"data": [{"id": "1", "type": "HASH_PDQ", "indicator": PDQ, "should_delete": False}]},
    "ThreatUpdateJSON": [{"raw_json": {"type": "HASH_PDQ", "indicator": PDQ}}],
    "StopNCII": {"hashRecords": [{"signalType": "ImagePDQ", "hashValue": PDQ, "hashStatus": "Active"}]},
    "Tech Against Terrorism": {"results": [{"algorithm": "PDQ", "hash_digest": PDQ, "deleted": False}]},
    "NCMEC": {"updates": [{"id": "1", "deleted": False, "fingerprints": {"pdq": PDQ}}]},
}


@pytest.mark.parametrize("whole", RECORDS.values(), ids=RECORDS.keys())
def test_json_of_the_exchanges(tmp_path: Path, whole: Any) -> None:
    found = read_list(write(tmp_path / "list.json", json.dumps(whole, indent=2)))
    assert [(e.algorithm, e.value, e.line) for e in found.entries] == [("pdq", PDQ, 1)]


def test_what_a_json_list_takes_back_is_left_out(tmp_path: Path) -> None:
    records = [
        {"signal_type": "pdq", "signal_str": PDQ, "category": 0},
        {"type": "HASH_PDQ", "indicator": PDQ, "should_delete": True},
        {"signalType": "ImagePDQ", "hashValue": PDQ, "hashStatus": "Withdrawn"},
        {"type": "HASH_PDQ", "indicator": PDQ, "descriptors": {"data": [{"status": "NON_MALICIOUS"}]}},
        {"deleted": False, "fingerprints": {"md5": MD5, "sha1": SHA1, "pdna": "x"}},
        {"descriptors": [1]},
        7,
    ]
    found = read_list(write(tmp_path / "list.jsonl", "\n".join(map(json.dumps, records))))
    assert [(e.algorithm, e.value) for e in found.entries] == [("md5", MD5), ("sha1", SHA1)]
    assert (found.disowned, dict(found.unknown), len(found.problems)) == (4, {"pdna": 1}, 2)
    assert "line 6" in found.problems[0]
    assert "line 7" in found.problems[1]


def test_one_vpdq_signal_in_both_its_forms(tmp_path: Path) -> None:
    now = read_list(write(tmp_path / "a.json", f'["{PDQ},100,0.0", "{PDQ},20,1.0"]'))
    old = read_list(write(tmp_path / "b.json", json.dumps({"0": {"quality": 100, "hash": PDQ, "timestamp": 0.0}})))
    assert json.loads(now.entries[0].value) == [f"{PDQ},100,0.0", f"{PDQ},20,1.0"]
    assert json.loads(old.entries[0].value) == [f"{PDQ},100,0.000"]


def test_what_can_match_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no frame of quality 50"):
        read_list(write(tmp_path / "a.json", f'["{PDQ},49,0.0"]'))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.csv cannot be read"):
        read_list(tmp_path / "gone.csv")
    with pytest.raises(UserError, match="cannot be read"):
        read_list(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"binary is no UTF-8 text \(byte 0\)"):
        read_list(tmp_path / "binary")
    with pytest.raises(UserError, match="it is empty"):
        read_list(write(tmp_path / "empty", ""))
    with pytest.raises(UserError, match=r"bare line 1: names no signal type; say with --algorithm"):
        read_list(write(tmp_path / "bare", MD5))
    with pytest.raises(UserError, match="neither JSON nor JSON a line"):
        read_list(write(tmp_path / "broken.json", "[{"))
    with pytest.raises(UserError, match=r"url.txt holds no hash .*'url'"):
        read_list(write(tmp_path / "url.txt", "url http://example.org"))
    with pytest.raises(UserError, match="'crc32' is no hash algorithm"):
        read_list(write(tmp_path / "bare", MD5), "crc32")


# --- lists in the database ---


@pytest.fixture
def csv_list(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "list.csv", ["video_md5", MD5, "", "", ""], ["pdq", PDQ, "", "", ""])


def digests_of(video: Video, md5: str = "0" * 32, sha1: str = "0" * 40) -> None:
    Digest.objects.create(video=video, md5=md5, sha1=sha1)


def prints_of(hashes: np.ndarray) -> Prints:
    """A fingerprint of these frame hashes and of no pictures."""
    n, bytes_of = len(hashes), np.uint8
    return Prints(
        hashes, good(hashes), np.arange(n, dtype=np.float32), np.zeros((n, 8, 8), bytes_of), np.zeros(0, np.uint32),
        np.zeros((0, 32, 32), bytes_of), np.zeros((0, 2, 4, 4), bytes_of),
    )  # fmt: skip


@pytest.mark.django_db
def test_a_list_is_loaded_listed_and_withdrawn(csv_list: Path, alice: User) -> None:
    assert "No list of known material" in lists_line()
    assert run("known_content", "load", csv_list, "--list", "drawn", "--by", "alice")["entries"] == 2
    assert run("known_content", "list")["lists"][0]["entries"] == {"md5": 1, "pdq": 1}
    assert lists_line() == "Compared with 1 list of known material: drawn."
    run("known_content", "withdraw", "drawn")
    assert (lists().count(), HashEntry.objects.count(), HashList.objects.get().loaded_by) == (0, 0, alice)
    with pytest.raises(CommandError, match="No list 'drawn' is loaded"):
        call_command("known_content", "withdraw", "drawn")


@pytest.mark.django_db
def test_a_new_file_replaces_the_list_and_the_same_one_does_not(csv_list: Path) -> None:
    load_list(csv_list, name="drawn")
    assert "loaded already" in load_list(csv_list, name=" drawn ").line
    assert HashList.objects.count() == 1
    before = active_matcher()
    assert active_matcher() is before
    load_list(write(csv_list, f"sha1 {SHA1}"), name="drawn")
    assert (HashList.objects.count(), lists().count()) == (2, 1)
    assert [e.entry.source for e in active_matcher().match_digest(sha1=SHA1)] == ["drawn"]
    assert active_matcher().match_digest(md5=MD5) == []


@pytest.mark.django_db
def test_a_list_that_cannot_be_read_changes_nothing(csv_list: Path) -> None:
    load_list(csv_list, name="drawn")
    with pytest.raises(UserError, match="holds no hash"):
        load_list(write(csv_list, ""), name="drawn")
    assert active_matcher().match_digest(md5=MD5)
    with pytest.raises(UserError, match="1 to 56 characters"):
        load_list(csv_list, name="x" * 57)


@pytest.mark.django_db
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_a_new_list_sweeps_what_is_stored(tmp_path: Path, make_video: MakeVideo, algorithm: str) -> None:
    video, other = make_video(), make_video()
    digests_of(video, MD5, SHA1)
    value = {"md5": MD5, "sha1": SHA1, "sha256": video.pk}[algorithm]
    swept = run("known_content", "load", write(tmp_path / "l", value), "--list", "drawn", "--algorithm", algorithm)
    assert swept["sweep"]["matched"] == 1
    assert list(Video.objects.visible()) == [other]
    incident = Incident.objects.get()
    assert (incident.sha256, incident.kind, incident.cause) == (video.pk, "hash", "drawn")
    assert [(m.algorithm, m.value, m.line) for m in incident.matches.all()] == [(algorithm, value, 1)]


@pytest.mark.django_db
def test_frames_are_swept_and_a_second_sweep_changes_nothing(tmp_path: Path, make_video: MakeVideo) -> None:
    video, other = make_video(), make_video()
    known = frames(1)
    path = write(tmp_path / "list.json", signal(known))
    stored = [(video.pk, flipped(known, 20), good(known)), (other.pk, frames(2), good(known))]
    assert "Frame hashes were compared of 0 alone" in load_list(path, name="drawn").line
    swept = [sweep(frames=stored) for _ in range(2)]
    assert [s.data["incidents"] for s in swept] == [[Incident.objects.get().pk]] * 2
    match = Incident.objects.get().matches.get()
    assert (match.algorithm, match.distance, match.share) == ("vpdq", 20, 1.0)
    assert video.pk[:12] not in json.dumps([s.data for s in swept]) + swept[0].line


@pytest.mark.django_db
def test_the_sweep_reads_the_stored_fingerprints(tmp_path: Path, make_video: MakeVideo) -> None:
    video, other = make_video(), make_video()
    for stored, seed in ((video, 1), (other, 2)):
        Fingerprint.objects.create(video=stored, content=prints_of(frames(seed)).to_bytes())
    known = {"signal_type": "pdq", "signal_str": flipped(frames(1), 9)[3].tobytes().hex()}
    swept = run("known_content", "load", write(tmp_path / "l.json", json.dumps([known])), "--list", "drawn")
    assert (swept["sweep"]["framed"], swept["sweep"]["matched"]) == (2, 1)
    assert Incident.objects.get().sha256 == video.pk


@pytest.mark.django_db
def test_what_two_people_released_is_not_matched_again_by_that_entry(
    tmp_path: Path, make_video: MakeVideo, alice: User, bob: User, settings: Any
) -> None:
    settings.WINNOW_RELEASE_PROCEDURE = "Ask counsel."
    video = make_video()
    digests_of(video, MD5, SHA1)
    load_list(write(tmp_path / "a", f"md5 {MD5}"), name="drawn")
    for person in (alice, bob):
        vote_release(Incident.objects.get(), by=person, reason="a drawn disc")
    assert Video.objects.visible().exists()
    assert sweep().data["matched"] == 1
    assert Video.objects.visible().exists()
    assert hold_unseen(video.pk, matches=active_matcher().match_digest(md5=MD5)) == []
    load_list(write(tmp_path / "b", f"md5 {MD5}\nsha1 {SHA1}"), name="drawn")
    assert not Video.objects.visible().exists(), "another hash of the list is other evidence"
    assert Incident.objects.filter(released_at=None).get().matches.get().algorithm == "sha1"


@pytest.mark.django_db
def test_recognised_before_it_was_decoded(tmp_path: Path) -> None:
    load_list(write(tmp_path / "a", f"md5 {MD5}"), name="drawn")
    matches = active_matcher().match_digest(MD5, SHA1, SHA256)
    for name in ("a.mp4", "b.mp4", "a.mp4"):
        incidents = hold_unseen(SHA256, matches=matches, sightings=[{"root": "/clips", "file_name": name}])
    assert incidents == [Incident.objects.get()]
    assert [one["file_name"] for one in Incident.objects.get().sightings] == ["a.mp4", "b.mp4"]
    assert in_quarantine([SHA256, SHA1]) == {SHA256}


@pytest.mark.django_db
def test_configured_lists_are_loaded_or_everything_stops(
    csv_list: Path, settings: Any, make_video: MakeVideo
) -> None:
    require_lists()
    settings.WINNOW_KNOWN_LISTS = [csv_list]
    video = make_video()
    digests_of(video, MD5)
    for _ in range(2):
        require_lists()
    assert lists().get().name == "list"
    assert not Video.objects.visible().exists()
    withdraw_list("list")
    with pytest.raises(UserError, match="was withdrawn or replaced"):
        require_lists()
    csv_list.unlink()
    with pytest.raises(UserError, match=r"list.csv, configured in WINNOW_KNOWN_LISTS, cannot be read"):
        require_lists()


@pytest.mark.django_db
def test_configured_lists_of_one_name_do_not_replace_each_other(tmp_path: Path, settings: Any) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "list.txt", f"md5 {hashlib.md5(folder.encode()).hexdigest()}")
    settings.WINNOW_KNOWN_LISTS = [str(tmp_path / folder / "list.txt") for folder in ("a", "b")]
    for _ in range(2):
        with pytest.raises(UserError, match="rename the file"):
            require_lists()
    write(tmp_path / "a" / "list.txt", f"md5 {MD5}")
    settings.WINNOW_KNOWN_LISTS.pop()
    require_lists()
    assert active_matcher().match_digest(md5=MD5), "a newer file in the same place takes the place of the older"


@pytest.mark.django_db
def test_known_content_that_is_met_again(tmp_path: Path, make_video: MakeVideo) -> None:
    video = make_video()
    load_list(write(tmp_path / "a", f"md5 {MD5}"), name="drawn")
    hold_unseen(video.pk, matches=active_matcher().match_digest(md5=MD5))
    assert not Video.objects.visible().exists()
    assert Incident.objects.get().finding == video.findings.get()


@pytest.mark.django_db
def test_runs_are_kept(csv_list: Path) -> None:
    load_list(csv_list, name="drawn")
    assert [run.parameters.get("list") or run.parameters["sweep"] for run in Run.objects.filter(stage="known")] == [
        ["drawn"], "drawn",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_hash_match_is_not_lifted_as_other_findings_are(tmp_path: Path, make_video: MakeVideo, alice: User) -> None:
    video = make_video()
    load_list(write(tmp_path / "a", f"sha256 {video.pk}"), name="drawn")
    with pytest.raises(UserError, match="released by two people"):
        lift_finding(video.findings.get(), by=alice, why="looks fine")
