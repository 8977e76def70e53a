from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand
from config.report import Report
from datasets.screening import RULES, with_thresholds
from datasets.services.screen import preview, rules_in_use, screen_videos


class Command(StageCommand):
    help = "Take blank and pure-noise clips out of the funnel and flag doubtful ones, from stored measures."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        for rule in RULES:
            parser.add_argument(
                f"--{rule.reason}",
                type=float,
                metavar="X",
                help=f"{rule.effect} clips whose {rule.measure} is {rule.side} X, for this run (default: the "
                f"threshold in use, {rule.threshold:g} if nobody has set one)",
            )
        parser.add_argument("--dry-run", action="store_true", help="only print what each threshold would find")

    def run(self, **options: Any) -> Report:
        given = {rule.reason: options[rule.reason] for rule in RULES if options[rule.reason] is not None}
        rules = with_thresholds(rules_in_use(), given)
        return preview(rules) if options["dry_run"] else screen_videos(rules)
