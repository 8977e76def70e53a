from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand
from config.report import Report
from datasets.screening import RULES
from datasets.services.screen import preview, screen_videos


class Command(StageCommand):
    help = "Take blank and pure-noise clips out of the funnel and flag frozen ones, from stored measures."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        for rule in RULES:
            side = "above" if rule.above else "below"
            parser.add_argument(
                f"--{rule.reason}",
                type=float,
                default=rule.threshold,
                metavar="X",
                help=f"{rule.effect} clips whose {rule.measure} is {side} X (default {rule.threshold})",
            )

        parser.add_argument("--dry-run", action="store_true", help="only print what each threshold would find")

    def run(self, **options: Any) -> Report:
        rules = tuple(replace(rule, threshold=options[rule.reason]) for rule in RULES)
        return preview(rules) if options["dry_run"] else screen_videos(rules)
