from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand
from config.report import Report
from datasets.screening import RULES
from datasets.services.screen import screen_videos


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

    def run(self, **options: Any) -> Report:
        return screen_videos(tuple(replace(rule, threshold=options[rule.reason]) for rule in RULES))
