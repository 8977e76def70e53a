from typing import Any

from django.core.management.base import CommandParser

from annotation.services.codebooks import find_version
from annotation.services.studies import assign_by_name
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Put the kept videos before raters, each video before `overlap` of them; makes the study if need be."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", default="study", help="its name (default: %(default)s)")
        parser.add_argument("--overlap", type=int, help="raters a video, for a new study (default: 3)")
        parser.add_argument("--raters", nargs="*", metavar="USERNAME", help="default: every rater who can sign in")
        parser.add_argument("--seed", type=int, default=0, help="of the assignment, for a new study")

        parser.add_argument("--codebook", metavar="NAME[:VERSION]", help="whose themes a new study asks about")

    def run(self, **options: Any) -> Report:
        return assign_by_name(
            options["study"],
            overlap=options["overlap"],
            seed=options["seed"],
            usernames=options["raters"],
            version=find_version(options["codebook"]) if options["codebook"] else None,
        )
