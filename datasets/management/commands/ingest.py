from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand, progress
from config.report import Report
from datasets.services.ingest import ingest


class Command(StageCommand):
    help = "Take in the videos of a folder (recursive) or a list of files, with what a manifest says of them."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--manifest", type=Path, metavar="FILE", help="CSV or JSONL with a file_name column")

    def run(self, **options: Any) -> Report:
        return ingest(options["paths"], options["manifest"], progress)
