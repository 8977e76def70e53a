from typing import Any

from django.core.management.base import CommandError, CommandParser

from clustering.clusters import Params
from clustering.engines import ENGINES
from clustering.services.clusters import cluster_videos
from clustering.services.comparison import SAMPLES, SIZES, compare_videos, grid
from clustering.services.newcomers import join_newcomers
from clustering.services.projection import map_run
from clustering.services.runs import find_run, needed, runs_report, use_run
from config.command import StageCommand, progress
from config.report import Report


class Command(StageCommand):
    help = (
        "Cluster the kept videos by their embeddings. Runs stand side by side: --compare tries several ways, "
        "--list shows the runs, --use picks one, --join gives later videos a place in it, --map draws it."
    )

    def add_stage_arguments(self, parser: CommandParser) -> None:
        default = Params()
        parser.add_argument("--min-cluster-size", type=int, default=default.min_cluster_size, metavar="N")
        parser.add_argument("--min-samples", type=int, default=default.min_samples, metavar="N")
        parser.add_argument("--engine", choices=ENGINES, default=default.engine, help="default %(default)s")
        parser.add_argument(
            "--dimensions", type=int, metavar="N", help="principal components (default: the engine's)"
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--encoder-key", help="which embeddings to cluster (default: those of the last embed)")
        self.add_comparison(parser)
        self.add_runs(parser)

    def add_comparison(self, parser: CommandParser) -> None:
        group = parser.add_argument_group("comparing")
        group.add_argument("--compare", action="store_true", help="cluster in several ways and print a table")
        group.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="minimum cluster sizes")
        group.add_argument("--samples", type=int, nargs="+", default=SAMPLES, metavar="N", help="minimum samples")
        group.add_argument("--engines", choices=ENGINES, nargs="+", default=["auto", "kmeans"])
        group.add_argument("--keep", action="store_true", help="keep each way as a run")

    def add_runs(self, parser: CommandParser) -> None:
        group = parser.add_argument_group("runs")
        group.add_argument("--list", action="store_true", help="list the runs")
        group.add_argument("--use", type=int, metavar="RUN", help="take this run for pages, samples and releases")
        group.add_argument("--why", default="", help="with --use: the reason, kept with the choice")
        group.add_argument("--join", action="store_true", help="give videos that came later a place in the run")
        group.add_argument("--map", action="store_true", help="draw the map of the run")
        group.add_argument("--run", type=int, metavar="RUN", help="with --join and --map (default: the one in use)")

    def run(self, **options: Any) -> Report:
        modes = [name for name in ("compare", "list", "use", "join", "map") if options[name] not in (None, False)]
        if len(modes) > 1:
            raise CommandError(f"give one of --{modes[0]} and --{modes[1]}, not both", returncode=2)
        return getattr(self, modes[0] if modes else "cluster")(options)  # type: ignore[no-any-return]

    def cluster(self, options: dict[str, Any]) -> Report:
        names = ("min_cluster_size", "min_samples", "dimensions", "engine")
        params = Params(**{name: options[name] for name in names})
        return cluster_videos(params, seed=options["seed"], encoder_key=options["encoder_key"])

    def compare(self, options: dict[str, Any]) -> Report:
        ways = grid(options["sizes"], options["samples"], options["engines"])
        seed, key, kept = options["seed"], options["encoder_key"], options["keep"]
        return compare_videos(ways, seed=seed, encoder_key=key, kept=kept, progress=progress)

    def list(self, options: dict[str, Any]) -> Report:
        return runs_report()

    def use(self, options: dict[str, Any]) -> Report:
        return use_run(options["use"], why=options["why"])

    def join(self, options: dict[str, Any]) -> Report:
        return join_newcomers(find_run(options["run"]) if options["run"] else needed())

    def map(self, options: dict[str, Any]) -> Report:
        return map_run(find_run(options["run"]) if options["run"] else needed())
