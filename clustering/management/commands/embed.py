from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from clustering.coherence import EMBED_RULES
from clustering.services.coherence import preview
from clustering.services.embeddings import embed
from config.command import StageCommand, progress
from config.report import Report


class Command(StageCommand):
    help = "Embed the videos that screening kept with a CLIP image tower."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--encoder",
            default=settings.WINNOW_ENCODER,
            help="demo, MODEL:TAG, or MODEL:path/to/checkpoint (default: WINNOW_ENCODER, here %(default)s)",
        )
        parser.add_argument(
            "--frames", type=int, default=settings.WINNOW_FRAMES, help="frames a video (default %(default)s)"
        )

        for rule in EMBED_RULES:
            parser.add_argument(
                f"--{rule.reason.replace(' ', '-')}",
                dest=rule.reason,
                type=float,
                metavar="X",
                help=f"{rule.effect} clips whose {rule.measure} is {rule.side} X, for this run (default: the "
                "threshold in use)",
            )
        parser.add_argument(
            "--dry-run", action="store_true", help="embed nothing, only print what each threshold would find"
        )

    def run(self, **options: Any) -> Report:
        given = {rule.reason: options[rule.reason] for rule in EMBED_RULES if options[rule.reason] is not None}
        if options["dry_run"]:
            return preview(given)
        return embed(options["encoder"], options["frames"], progress, thresholds=given)
