from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotation.services.export import export_dataset
from annotation.services.studies import find_study
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Write a study's videos, answers and consensus as JSONL, CSV and Parquet with checksums and a card."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="of the release (default: the study's name and a number)")
        parser.add_argument("--study", help="which study (default: the only one)")
        parser.add_argument("--out", type=Path, metavar="DIR", help="default: releases/NAME in the data folder")
        parser.add_argument("--media", choices=("none", "original"), default="none", help="take the videos along")

    def run(self, **options: Any) -> Report:
        return export_dataset(
            find_study(options["study"]),
            name=options["name"],
            out=options["out"],
            with_media=options["media"] == "original",
        )
