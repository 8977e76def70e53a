from typing import Any

from django.core.management.base import CommandParser

from config.command import StageCommand
from config.report import Report
from datasets.models import Incident
from datasets.services.incidents import (
    details,
    find_incident,
    incident_report,
    incidents_report,
    report_draft,
    summary,
    team_member,
)
from datasets.services.quarantine import lift_legal_hold, release_procedure, set_legal_hold, vote_release


class Command(StageCommand):
    help = "See what is in quarantine and why, vote on its release, place legal holds and draft reports."

    def add_stage_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="list | show | vote | hold | unhold | draft")
        actions.add_parser("list", help="all incidents (default)")
        for name, told in (("show", "everything on record but the content"), ("draft", "a report to judge and send")):
            actions.add_parser(name, help=told).add_argument("id", type=int, metavar="ID")
        for name, why, told in (
            ("vote", "--reason", "vote for a release; the second person's vote ends the quarantine"),
            ("hold", "--why", "place a legal hold: neither release nor takedown"),
            ("unhold", "--why", "lift the legal hold"),
        ):
            action = actions.add_parser(name, help=told)
            action.add_argument("id", type=int, metavar="ID")
            action.add_argument("--by", required=True, metavar="USERNAME")
            action.add_argument(why, required=True)

    def run(self, **options: Any) -> Report:
        if options["action"] in {None, "list"}:
            return incidents_report()
        incident = find_incident(options["id"])
        match options["action"]:
            case "show":
                return incident_report(incident)
            case "draft":
                return Report(report_draft(incident), details(incident))
        return self.change(incident, **options)

    def change(self, incident: Incident, **options: Any) -> Report:
        by = team_member(options["by"])
        match options["action"]:
            case "vote":
                return voted(vote_release(incident, by=by, reason=options["reason"]))
            case "hold":
                set_legal_hold(incident, by=by, why=options["why"])
                return Report(f"Incident {incident.pk} is under a legal hold.", summary(incident))
        lift_legal_hold(incident, by=by, why=options["why"])
        return Report(f"The legal hold of incident {incident.pk} is lifted.", summary(incident))


def voted(incident: Incident) -> Report:
    told = "is still in quarantine; a second person must vote" if incident.stands else "is released"
    return Report(f"Incident {incident.pk} {told}.", summary(incident), f"Release procedure: {release_procedure()}")
