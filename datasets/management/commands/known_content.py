from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand, progress
from config.report import Report
from datasets.known import ALGORITHMS
from datasets.services.incidents import team_member
from datasets.services.known import lists_report, load_list, stored_frames, sweep, withdraw_list


class Command(StageCommand):
    help = "Load, list and withdraw lists of hashes of known material, and compare what is stored with them."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="load | list | withdraw | sweep")
        load = actions.add_parser("load", help="put a list into force and sweep what is stored")
        load.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or text of Meta's threatexchange tools")
        load.add_argument("--list", required=True, metavar="NAME", help="a list of that name is replaced")
        load.add_argument("--algorithm", help=f"for bare values, one a line: {', '.join(ALGORITHMS)}")
        load.add_argument("--by", metavar="USERNAME", help="who loads it, for the record")
        actions.add_parser("list", help="the lists in force")
        withdraw = actions.add_parser("withdraw", help="take a list out of force and delete its hashes")
        withdraw.add_argument("name", metavar="NAME")
        withdraw.add_argument("--by", metavar="USERNAME", help="who withdraws it, for the record")
        actions.add_parser("sweep", help="compare all that is stored with all lists in force")

    def run(self, **options: Any) -> Report:
        by = team_member(options["by"]) if options.get("by") else None
        match options["action"]:
            case "load":
                return load_list(
                    options["file"],
                    name=options["list"],
                    algorithm=options["algorithm"],
                    by=by,
                    frames=stored_frames(),
                    progress=progress,
                )
            case "withdraw":
                return withdraw_list(options["name"], by=by)
            case "sweep":
                return sweep(frames=stored_frames(), progress=progress)
        return lists_report()
