"""A round of coding begins: a sample of a cluster run, in an order of its own, for two or more coders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from django.db import transaction

from annotation.models import Codebook, Round, RoundCoder, RoundItem
from annotation.services.codes import hold, open_round
from clustering.models import Cluster
from clustering.services.explain import Drawn, sample
from clustering.services.runs import needed
from config.errors import UserError
from config.models import User
from datasets.models import Run


@dataclass(frozen=True)
class Wanted:
    """How many videos are drawn: of each cluster beside its medoid, and of the noise."""

    core: int = 3
    boundary: int = 2
    random: int = 3
    noise: int = 10


@transaction.atomic
def start(
    codebook: Codebook, *, coders: Sequence[User], wanted: Wanted, seed: int, by: User, run: Run | None = None
) -> Round:
    """A round for `coders` on a sample of `run`, by default the one in use.

    Raises `UserError` for fewer than two coders, for somebody who is no researcher, while another round of the
    codebook is open, and when there is nothing to draw.
    """
    hold(codebook)
    _refuse_start(codebook, coders, wanted)
    run = run or needed()
    drawn = sample(run, **asdict(wanted), seed=seed)
    if not drawn:
        raise UserError(f"Cluster run {run.pk} has no kept video; run `python manage.py cluster` anew.")
    number = codebook.rounds.count() + 1
    new = Round.objects.create(
        codebook=codebook, number=number, run=run, sample=asdict(wanted), seed=seed, made_by=by
    )
    RoundItem.objects.bulk_create(_in_order(new, drawn, np.random.default_rng([seed, number])))
    RoundCoder.objects.bulk_create(RoundCoder(round=new, user=user) for user in dict.fromkeys(coders))
    return new


def _refuse_start(codebook: Codebook, coders: Sequence[User], wanted: Wanted) -> None:
    if len(set(coders)) < 2:
        raise UserError("A round needs at least two coders; choose another person.")
    if others := sorted(user.username for user in coders if not user.is_researcher):
        raise UserError(f"Coders are researchers; {', '.join(others)} cannot be one.")
    if negative := [name for name, number in asdict(wanted).items() if number < 0]:
        raise UserError(f"The number of {negative[0]} videos is below 0; give 0 or more.")
    if current := open_round(codebook):
        raise UserError(f"{current} is still open; start the next round when its coders have finished.")


def _in_order(new: Round, drawn: Sequence[Drawn], rng: np.random.Generator) -> list[RoundItem]:
    """Cluster by cluster in an order of chance, the cluster as a whole before its videos, the noise last."""
    groups: dict[Cluster | None, list[RoundItem]] = defaultdict(list)
    for one in drawn:
        if one.cluster and one.cluster not in groups:
            groups[one.cluster].append(RoundItem(kind=RoundItem.Kind.CLUSTER, cluster=one.cluster))
        groups[one.cluster].append(RoundItem(kind=one.kind, cluster=one.cluster, video_id=one.video))
    noise, clusters = groups.pop(None, []), list(groups.values())
    items = [item for place in rng.permutation(len(clusters)) for item in clusters[place]] + noise
    for order, item in enumerate(items):
        item.round, item.order = new, order
    return items
