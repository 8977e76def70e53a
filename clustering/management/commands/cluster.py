from typing import Any

from django.core.management.base import CommandParser

from clustering.clusters import Params
from clustering.services.clusters import cluster_videos
from config.command import StageCommand
from config.report import Report


class Command(StageCommand):
    help = "Cluster the kept videos by their embeddings (HDBSCAN)."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        default = Params()
        parser.add_argument("--min-cluster-size", type=int, default=default.min_cluster_size, metavar="N")
        parser.add_argument("--min-samples", type=int, default=default.min_samples, metavar="N")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--encoder-key", help="which embeddings to cluster (default: those of the last embed)")

    def run(self, **options: Any) -> Report:
        params = Params(min_cluster_size=options["min_cluster_size"], min_samples=options["min_samples"])
        return cluster_videos(params, seed=options["seed"], encoder_key=options["encoder_key"])
