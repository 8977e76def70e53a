"""The manifest reader: every format, every way a row can be wrong, and the line it is on."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import UserError
from datasets.manifest import MAX_CELL, Manifest, Problem, Row, match, read_manifest

SHARED = Path(__file__).parents[2] / "shared" / "videos" / "manifest.csv"


def read(tmp_path: Path, text: str | bytes, name: str = "manifest.csv") -> Manifest:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifest(path)


def only_problem(manifest: Manifest) -> Problem:
    (problem,) = manifest.problems
    return problem


def test_all_columns_of_a_csv_row(tmp_path: Path) -> None:
    header = "file_name,prompt,prompt_source,generator,seed,steps,guidance_scale,family\n"
    manifest = read(tmp_path, header + "sub/a.mp4,a red ball,lexica,svd,42,25,7.5,balls\n")
    assert manifest.problems == []
    assert manifest.rows == {
        "sub/a.mp4": Row(2, "sub/a.mp4", "a red ball", "lexica", "svd", 42, 25, 7.5, {"family": "balls"})
    }


def test_all_but_file_name_may_be_missing_or_blank(tmp_path: Path) -> None:
    assert read(tmp_path, "file_name\na.mp4\n").rows["a.mp4"] == Row(2, "a.mp4")
    manifest = read(tmp_path, "file_name,prompt,seed,steps,guidance_scale\na.mp4,,,,\n")
    assert manifest.rows["a.mp4"] == Row(2, "a.mp4")


@pytest.mark.parametrize("name", ["metadata.jsonl", "MANIFEST.JSONL"])
def test_jsonl_keeps_nested_columns(tmp_path: Path, name: str) -> None:
    lines = [
        {
            "file_name": "a.mp4",
            "prompt": "x",
            "seed": 3,
            "guidance_scale": 7,
            "workflow": {"nodes": [1, None]},
        },
        {"file_name": "b.mp4", "prompt": None, "seed": None},
    ]
    manifest = read(tmp_path, "\n\n".join(map(json.dumps, lines)), name)
    assert manifest.problems == []
    assert manifest.rows["a.mp4"].extra == {"workflow": {"nodes": [1, None]}}
    assert (manifest.rows["a.mp4"].seed, manifest.rows["a.mp4"].guidance_scale) == (3, 7.0)
    assert manifest.rows["b.mp4"] == Row(3, "b.mp4")


def test_a_hugging_face_metadata_csv(tmp_path: Path) -> None:
    manifest = read(tmp_path, "file_name,text\nx.mp4,a cat\n", "metadata.csv")
    assert manifest.rows["x.mp4"].extra == {"text": "a cat"}


@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not here")
def test_the_shared_clips_match_their_manifest() -> None:
    manifest = read_manifest(SHARED)
    found = [path.name for path in SHARED.parent.iterdir() if path.suffix != ".csv"]
    assert len(manifest.rows) == 13
    assert manifest.problems == match(manifest, found) == []


def test_prompts_are_kept_as_they_are(tmp_path: Path) -> None:
    prompts = [
        "two\nlines",
        'a "quoted" word',
        " edges ",
        "👩‍👩‍👧 family",
        "مرحبا بالعالم",
        "ab, " * 60_000,
        "=1+1",
        "a\r\nb",
    ]
    text = io.StringIO()
    csv.writer(text).writerows([("file_name", "prompt"), *((f"{n}.mp4", p) for n, p in enumerate(prompts))])
    manifest = read(tmp_path, text.getvalue())
    assert [row.prompt for row in manifest.rows.values()] == prompts


@given(prompts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=5))
def test_any_prompt_survives_both_formats(prompts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("prompts")
    named = [{"file_name": f"{number}.mp4", "prompt": prompt} for number, prompt in enumerate(prompts)]
    text = io.StringIO()
    writer = csv.DictWriter(text, ["file_name", "prompt"], quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(named)
    assert [row.prompt for row in read(folder, text.getvalue()).rows.values()] == prompts
    if prompts:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in named)
        assert [row.prompt for row in read(folder, lines, "m.jsonl").rows.values()] == prompts


def test_lines_are_physical_lines(tmp_path: Path) -> None:
    text = 'file_name,prompt\r\n\r\na.mp4,"one\r\ntwo\nthree"\r\nb.mp4,x,extra\r\n,,\r\nc.mp4,y\r\n'
    manifest = read(tmp_path, text)
    assert {name: row.line for name, row in manifest.rows.items()} == {"a.mp4": 3, "c.mp4": 8}
    assert only_problem(manifest) == Problem(6, "b.mp4", "too many cells: 3, where the header has 2")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "a.mp4,x,abc,,",
            'seed is "abc", not a whole number from -9223372036854775808 to 18446744073709551615',
        ),
        ("a.mp4,x,1_000,,", 'seed is "1_000"'),
        ("a.mp4,x,4.5,,", 'seed is "4.5"'),
        ("a.mp4,x,18446744073709551616,,", 'seed is "18446744073709551616"'),
        ("a.mp4,x," + "9" * 5000 + ",,", "seed is"),
        ("a.mp4,x,1,-3,", 'steps is "-3", not a whole number from 0'),
        ("a.mp4,x,1,2,high", 'guidance_scale is "high", not a number'),
        ("a.mp4,x,1,2,nan", 'guidance_scale is "nan", not a number'),
        ("a.mp4,x,1,2,1e999", 'guidance_scale is "1e999", not a number'),
        (",x,1,2,3", "file_name is missing"),
        ("   ,x,1,2,3", "file_name is missing"),
        ("/etc/a.mp4,x,1,2,3", "absolute"),
        ("C:/a.mp4,x,1,2,3", "absolute"),
        ("~/a.mp4,x,1,2,3", "absolute"),
        ("../a.mp4,x,1,2,3", "leads out of the folder"),
        ("b/../../a.mp4,x,1,2,3", "leads out of the folder"),
        ("./,x,1,2,3", "the folder itself"),
        ("..\\a.mp4,x,1,2,3", "backslash"),
        ("C:\\a.mp4,x,1,2,3", "backslash"),
        ("a\0.mp4,x,1,2,3", "NUL"),
        ("a.mp4,x\0,1,2,3", "prompt holds a NUL"),
        ("a\x1b[31m.mp4,x,1,2,3", "control character U+001B"),
        ("a\u202e4pm.exe,x,1,2,3", "control character U+202E"),
        ("a.mp4,x", "too few cells: 2"),
        ('a.mp4,"a" b,1,2,3', "is not CSV"),
        ('a.mp4,"never closed,1,2,3', "is not CSV"),
    ],
)
def test_a_bad_row_is_named_and_stops_no_other(tmp_path: Path, row: str, reason: str) -> None:
    header = "file_name,prompt,seed,steps,guidance_scale\n"
    manifest = read(tmp_path, f"{header}ok.mp4,x,1,2,3\n{row}\nlast.mp4,y,18446744073709551615,2.0,3\n")
    problem = only_problem(manifest)
    assert problem.line == 3
    assert reason in problem.reason
    assert str(problem).isprintable()
    assert list(manifest.rows) == ["ok.mp4", "last.mp4"]
    assert manifest.rows["last.mp4"].seed == 2**64 - 1


def test_an_open_quote_swallows_no_row(tmp_path: Path) -> None:
    manifest = read(tmp_path, 'file_name,prompt\na.mp4,"open\nb.mp4,"fine"\nc.mp4,"open again\nd.mp4,x\n')
    assert list(manifest.rows) == ["b.mp4", "d.mp4"]
    assert [problem.line for problem in manifest.problems] == [2, 4]


def test_a_cell_beyond_the_limit_is_one_problem(tmp_path: Path) -> None:
    manifest = read(tmp_path, f"file_name,prompt\na.mp4,{'x' * (MAX_CELL + 1)}\nb.mp4,x\n")
    assert only_problem(manifest).line == 2
    assert list(manifest.rows) == ["b.mp4"]
    assert csv.field_size_limit() != MAX_CELL  # the process keeps its own limit


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{bad", "is not JSON (Expecting property name"),
        ("[1]", "not a JSON object"),
        ('{"file_name": "a.mp4", "seed": true}', 'seed is "True"'),
        ('{"file_name": "a.mp4", "seed": [1]}', "seed is"),
        ('{"file_name": "a.mp4", "prompt": 5}', "prompt is 5, not text"),
        ('{"file_name": 5}', "file_name is 5, not text"),
        ('{"prompt": "x"}', "file_name is missing"),
        ('{"file_name": "a.mp4", "x": NaN}', "NaN is no JSON number"),
        ('{"file_name": "a.mp4", "x": [1e999]}', "x holds a number too large"),
        ('{"file_name": "a.mp4", "x": {"k": "\\u0000"}}', "x holds a NUL"),
        ('{"file_name": "a.mp4", "prompt": "\\ud800"}', "prompt holds bytes or escapes that are not UTF-8"),
        ('{"file_name": "a.mp4", "file_name": "b.mp4"}', "a key is there twice"),
        ('{"file_name": "a.mp4", "x": ' + "[" * 40 + "]" * 40 + "}", "nested more than 32 deep"),
        ('{"file_name": "a.mp4", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"file_name": "a.mp4", "x": ' + "9" * 5000 + "}", "is not JSON"),
    ],
)
def test_a_bad_json_line_is_named_and_stops_no_other(tmp_path: Path, line: str, reason: str) -> None:
    manifest = read(tmp_path, f'{{"file_name": "ok.mp4"}}\n\n{line}\n{{"file_name": "last.mp4"}}\n', "m.jsonl")
    problem = only_problem(manifest)
    assert problem.line == 3
    assert reason in problem.reason
    assert list(manifest.rows) == ["ok.mp4", "last.mp4"]


def test_a_second_row_for_a_file_is_named_with_the_first(tmp_path: Path) -> None:
    manifest = read(tmp_path, "file_name,prompt\na.mp4,first\nb.mp4,x\n./a.mp4,second\n")
    assert manifest.rows["a.mp4"].prompt == "first"
    assert str(only_problem(manifest)) == ("line 4: ./a.mp4: a second row for this file; the one on line 2 counts")


def test_rows_that_are_not_utf8_are_named_one_by_one(tmp_path: Path) -> None:
    text = "file_name,prompt\na.mp4,café\nb.mp4,tea\n".encode("latin-1")
    manifest = read(tmp_path, text)
    assert str(only_problem(manifest)) == "line 2: a.mp4: prompt holds bytes or escapes that are not UTF-8 text"
    assert list(manifest.rows) == ["b.mp4"]


@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_a_byte_order_mark_is_accepted(tmp_path: Path, name: str) -> None:
    text = "file_name\na.mp4\n" if name == "m.csv" else '{"file_name": "a.mp4"}\n'
    assert list(read(tmp_path, text.encode("utf-8-sig"), name).rows) == ["a.mp4"]


def test_line_ends_of_old_macs(tmp_path: Path) -> None:
    manifest = read(tmp_path, "file_name,seed\ra.mp4,1\rb.mp4,x\r")
    assert (list(manifest.rows), only_problem(manifest).line) == (["a.mp4"], 3)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.xlsx", "file_name\n", "neither .csv nor .jsonl"),
        ("m.csv", "", "no column file_name"),
        ("m.csv", "file;prompt\na.mp4;x\n", "Its columns are: file;prompt"),
        ("m.csv", "file_name,seed,seed\n", "column seed twice"),
        ("m.csv", "file_name,prompt\n".encode("utf-16"), "not UTF-8"),
        ("m.csv", 'file_name,"prompt\n', "header"),
        ("m.jsonl", "", "no column file_name"),
        ("m.jsonl", '{"path": "a.mp4"}\n', "Its columns are: path"),
    ],
)
def test_what_makes_the_whole_file_unusable(tmp_path: Path, name: str, text: str | bytes, said: str) -> None:
    with pytest.raises(UserError, match=r"The .*manifest") as caught:
        read(tmp_path, text, name)
    assert said in str(caught.value)
    assert name in str(caught.value)


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_manifest(tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="Is a directory"):
        read_manifest(tmp_path / "folder.csv")


@pytest.mark.parametrize(("written", "on_disk"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_decomposed_names_match_composed_ones(tmp_path: Path, written: Any, on_disk: Any) -> None:
    name = "café/가방.mp4"
    manifest = read(tmp_path, f"file_name,prompt\n{unicodedata.normalize(written, name)},x\n")
    found = unicodedata.normalize(on_disk, name)
    assert match(manifest, [found]) == []
    row = manifest.row_for(found)
    assert row is not None
    assert row.prompt == "x"


def test_rows_without_a_file_and_files_without_a_row(tmp_path: Path) -> None:
    manifest = read(tmp_path, "file_name,seed\na.mp4,1\ngone.mp4,2\nbad.mp4,x\n")
    problems = match(manifest, ["a.mp4", "new\n.mp4", "bad.mp4", "b\udce9.mp4"])
    assert problems == [
        Problem(3, "gone.mp4", "the manifest has this row, but there is no such video"),
        Problem(None, "b\\udce9.mp4", "this video has no row in the manifest"),
        Problem(None, "new\\n.mp4", "this video has no row in the manifest"),
    ]


def test_a_good_row_after_a_bad_one_for_the_same_file_counts(tmp_path: Path) -> None:
    manifest = read(tmp_path, "file_name,seed\na.mp4,x\na.mp4,2\n")
    assert only_problem(manifest).line == 2
    assert manifest.rows["a.mp4"].seed == 2
