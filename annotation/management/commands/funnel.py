from typing import Any

from django.core.management.base import CommandParser

from annotation.services.funnel import funnel_report
from annotation.services.studies import find_study
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Print the way from found to unsafe, with the number at each step."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", help="count labels of this study only (default: of all)")

    def run(self, **options: Any) -> Report:
        return funnel_report(find_study(options["study"]) if options["study"] else None)
