from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand
from config.report import Report
from datasets.services.incidents import find_video, summary, team_member
from datasets.services.quarantine import quarantine


class Command(StageCommand):
    help = "Hide a video everywhere at once and open an incident; it takes two people to release it."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sha256", metavar="SHA256")
        parser.add_argument("--reason", required=True, help="at most 56 characters")
        parser.add_argument("--note", default="")
        parser.add_argument("--by", metavar="USERNAME", help="who puts it there, for the record")

    def run(self, **options: Any) -> Report:
        by = team_member(options["by"]) if options["by"] else None
        video = find_video(options["sha256"])
        incident = quarantine(video, reason=options["reason"], note=options["note"], by=by)
        return Report(f"In quarantine: {incident}.", summary(incident))
