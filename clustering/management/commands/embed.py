from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

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

    def run(self, **options: Any) -> Report:
        return embed(options["encoder"], options["frames"], progress)
