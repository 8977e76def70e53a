from dataclasses import fields, replace
from typing import Any

from django.core.management.base import CommandParser

from clustering.services.duplicates import Wanted, dedup
from config.command import StageCommand
from config.report import Report
from datasets.copies import DEFAULTS


class Command(StageCommand):
    help = "Group copies by content and by their frames, keep the best of each group, flag likely ones."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        for field in fields(DEFAULTS):
            default = getattr(DEFAULTS, field.name)
            name = field.name.replace("_", "-")
            parser.add_argument(
                f"--{name}", type=type(default), default=default, metavar="X", help=f"default {default}"
            )
        parser.add_argument("--semantic", type=float, metavar="COSINE", help="flag embeddings as near as this (off)")
        parser.add_argument("--semantic-removes", action="store_true", help="remove instead of flagging them")

    def run(self, **options: Any) -> Report:
        own = {field.name: options[field.name] for field in fields(DEFAULTS)}
        return dedup(Wanted(replace(DEFAULTS, **own), options["semantic"], options["semantic_removes"]))
