from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotation.services.imports import MISSING, Target, import_labels
from config.command import StageCommand
from config.errors import UserError
from config.report import Report, counted
from datasets.folder import Listing, list_videos
from datasets.imports import answers, folders, label_studio, published
from datasets.imports.said import NONE, Labelled, Vocabulary, refuse_problems, vocabulary
from datasets.manifest import normalised

CHOICE = "the key that a choice gets here and what the source calls it, once for each choice"


class Command(StageCommand):
    help = "Keep labels that were made elsewhere as a study."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        formats = parser.add_subparsers(
            dest="format", required=True, metavar="published | label-studio | folders | answers | manifest"
        )
        _add_published(formats.add_parser("published", help="a CSV with a list of video numbers per category"))
        _add_label_studio(formats.add_parser("label-studio", help="Label Studio's JSON export"))
        _add_folders(formats.add_parser("folders", help="a folder of videos per category"))
        _add_answers(formats.add_parser("answers", help="the answers.csv of a Winnow release"))
        _add_manifest(formats.add_parser("manifest", help="the data of Label Studio tasks, as a manifest for ingest"))
        for own in formats.choices.values():  # else it would have to stand before the format
            own.add_argument("--json", action="store_true", default=SUPPRESS, help="as above")

    def run(self, **options: Any) -> Report:
        if options["format"] == "manifest":
            return _write_manifest(options["file"], options["out"], _layout(options))
        words = vocabulary(options["choice"], options["none"])
        listing = list_videos([options["videos"]] if "videos" in options else [])
        return import_labels(
            READERS[options["format"]](options, words, listing),
            name=str(options["file"] if "file" in options else options["videos"]),
            listing=listing,
            target=Target(options["study"], words, options["unlisted"], options["source"]),
            dry_run=options["dry_run"],
        )


# --- options ---


def _add_published(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    _add_videos(parser)
    parser.add_argument("--numbers-from", type=int, choices=(0, 1), required=True, help="where the numbers start")
    names = parser.add_mutually_exclusive_group(required=True)
    names.add_argument("--file-name", metavar="PATTERN", help="of the videos, as `video_{number}.mp4`")
    names.add_argument("--file-list", type=Path, metavar="FILE", help="the videos in their order, one name a line")
    parser.add_argument("--prompts", type=Path, metavar="FILE", help="one prompt a line, in the videos' order")
    parser.add_argument("--header", action="store_true", help="the first line names the columns")
    _add_common(parser, "column (its number from 1, or with --header its name)")


def _add_label_studio(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    _add_videos(parser)
    _add_layout(parser)
    parser.add_argument("--control", metavar="NAME", help="whose choices count, where there are several")
    _add_common(parser, "choice")


def _add_folders(parser: CommandParser) -> None:
    parser.add_argument("videos", type=Path, metavar="DIR")
    _add_common(parser, "folder")


def _add_answers(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.set_defaults(none=[], unlisted=MISSING)
    _add_study(parser, "label")


def _add_manifest(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl", help="where to write it; a new file")
    _add_layout(parser)


def _add_videos(parser: CommandParser) -> None:
    parser.add_argument("--videos", type=Path, required=True, metavar="DIR", help="the folder that was ingested")


def _add_layout(parser: CommandParser) -> None:
    parser.add_argument(
        "--field", default="video", help="the key of the video in a task's data (default: %(default)s)"
    )
    parser.add_argument("--prefix", default="", help="what stands before the file's name there")


def _add_common(parser: CommandParser, word: str) -> None:
    _add_study(parser, word)
    parser.add_argument("--none", action="append", default=[], metavar="WORD", help=f"a {word} for none of these")
    parser.add_argument(
        "--unlisted",
        choices=(NONE, MISSING),
        required=True,
        help="what it means that the source has a video and no word on it: none of these, or no answer",
    )


def _add_study(parser: CommandParser, word: str) -> None:
    parser.add_argument("--study", required=True, metavar="NAME", help="a new one, or one with the same choices")
    parser.add_argument("--choice", action="append", default=[], metavar="KEY=WORD", help=f"{CHOICE}: a {word}")
    parser.add_argument("--source", default="", metavar="NAME", help="who labelled it (default: the study's name)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")


# --- reading ---


def _published(options: dict[str, Any], words: Vocabulary, listing: Listing) -> Labelled:
    start, path = options["numbers_from"], options["file"]
    names = [entry.file_name for entry in listing.videos]
    if options["file_list"]:
        files = published.numbered_by_list(options["file_list"], start=start)
    else:
        files = published.numbered_by_name(names, options["file_name"])
    found = published.labelled(
        published.read_columns(path, header=options["header"]),
        words,
        name=path.name,
        files=files,
        start=start,
        prompts=published.read_prompts(options["prompts"], start=start) if options["prompts"] else None,
    )
    found.left_aside["videos without a number"] = len(set(map(normalised, names)) - set(files.values()))
    return found


def _label_studio(options: dict[str, Any], words: Vocabulary, listing: Listing) -> Labelled:
    return label_studio.labelled(label_studio.read_tasks(options["file"]), words, _layout(options))


def _folders(options: dict[str, Any], words: Vocabulary, listing: Listing) -> Labelled:
    names = [entry.file_name for entry in listing.videos]
    return folders.labelled(names, words, root=str(options["videos"]))


def _answers(options: dict[str, Any], words: Vocabulary, listing: Listing) -> Labelled:
    return answers.labelled(options["file"], words)


READERS = {"published": _published, "label-studio": _label_studio, "folders": _folders, "answers": _answers}


def _layout(options: dict[str, Any]) -> label_studio.Layout:
    return label_studio.Layout(options["field"], options["prefix"], options.get("control"))


def _write_manifest(path: Path, out: Path, layout: label_studio.Layout) -> Report:
    tasks = label_studio.read_tasks(path)
    text, problems = label_studio.manifest(tasks, layout)
    refuse_problems(str(path), problems)
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"The manifest {out} cannot be written ({error.strerror}); name a new file.") from error
    return Report(f"Wrote {counted(len(tasks), 'row')} to {out}.", {"rows": len(tasks), "out": str(out)})
