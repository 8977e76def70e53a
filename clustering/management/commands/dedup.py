from typing import Any

from django.core.management.base import CommandParser

from clustering.services.duplicates import NEAR, dedup
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Group exact and near copies and keep the best of each group."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--near", type=float, default=NEAR, metavar="COSINE", help=f"default {NEAR}")
        parser.add_argument("--encoder-key", help="which embeddings to compare (default: those of the last embed)")

    def run(self, **options: Any) -> Report:
        return dedup(**options)
