from typing import Any

from django.core.management.base import CommandParser

from annotation.services.consensus import aggregate
from annotation.services.studies import find_study
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Settle each video by the majority of its raters; ties are reported, never broken."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", help="which study (default: the only one)")

    def run(self, **options: Any) -> Report:
        return aggregate(find_study(options["study"]))
