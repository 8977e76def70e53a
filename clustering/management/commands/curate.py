from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from clustering.clusters import Params
from clustering.services.clusters import cluster_videos
from clustering.services.duplicates import dedup
from clustering.services.embeddings import embed
from config.command import StageCommand, progress
from config.report import Report
from datasets.services.ingest import ingest
from datasets.services.screen import screen_videos


class Command(StageCommand):
    help = "ingest, screen, embed, dedup and cluster in one go, each at its default settings."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--manifest", type=Path, metavar="FILE", help="CSV or JSONL with a file_name column")
        parser.add_argument("--encoder", default=settings.WINNOW_ENCODER)
        parser.add_argument("--seed", type=int, default=0)

    def run(self, **options: Any) -> Report:
        stages = {
            "ingest": lambda: ingest(options["paths"], options["manifest"], progress),
            "screen": screen_videos,
            "embed": lambda: embed(options["encoder"], progress=progress),
            "dedup": dedup,
            "cluster": lambda: cluster_videos(Params(), seed=options["seed"]),
        }
        reports = {}
        for name, stage in stages.items():
            reports[name] = report = stage()
            self.stdout.write("\n".join(filter(None, [report.table, report.line])))
        data = {name: report.data for name, report in reports.items()}
        return Report("The videos are curated; `assign` puts them before raters.", data)
