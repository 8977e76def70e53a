from typing import Any

from django.core.management.base import CommandParser

from annotation.services.agreement import agreement_report
from annotation.services.studies import find_study
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Print, for each choice, how far the raters agree."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", help="which study (default: the only one)")

    def run(self, **options: Any) -> Report:
        return agreement_report(find_study(options["study"]))
