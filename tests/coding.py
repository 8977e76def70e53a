"""Small cluster runs and people who code them, for tests of thematic coding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotation.models import Code, Codebook, Coding, Round, RoundCoder
from annotation.services.codebooks import make_codebook
from annotation.services.codes import make_code
from annotation.services.rounds import Wanted, code, finish, items, start
from clustering.models import Cluster, Membership
from config.models import User
from datasets.models import Run
from datasets.services.runs import stage_run
from tests.conftest import MakeVideo
from tests.groups import KEY, store

ALL = Wanted(core=9, boundary=0, random=0, noise=9)


def small_run(make_video: MakeVideo, sizes: Sequence[int], noise: int = 0) -> Run:
    """A cluster run with clusters of these sizes and so many videos in none."""
    rng = np.random.default_rng(0)
    with stage_run("cluster", {"encoder_key": KEY}, seed=0) as run:
        for number, size in enumerate(sizes):
            videos = [store(make_video(), np.eye(8)[number] + rng.normal(0, 0.05, 8)) for _ in range(size)]
            cluster = Cluster.objects.create(run=run, number=number, medoid=videos[0], words=[])
            for video in videos:
                Membership.objects.create(run=run, video=video, cluster=cluster, strength=rng.random())
        for _ in range(noise):
            Membership.objects.create(run=run, video=store(make_video(), rng.normal(0, 1, 8)), strength=0)
    return run


def started(run: Run, *people: User, wanted: Wanted = ALL, seed: int = 0) -> list[RoundCoder]:
    """The coders of a new round of a new codebook."""
    book = make_codebook(f"Book {Codebook.objects.count() + 1}", by=people[0])
    return coders_of(start(book, coders=people, wanted=wanted, seed=seed, by=people[0], run=run))


def coders_of(of: Round) -> list[RoundCoder]:
    return list(of.coders.select_related("user", "round__codebook"))


def say(coder: RoundCoder, number: int, *names: str, memo: str = "") -> Coding:
    """Give the coder's item at this place codes of these names, made where there are none."""
    one = items(coder)[number]
    return code(
        coder, item=one.item, codes=[named(coder, name) for name in names], memo=memo, seen_version=one.version
    )


def named(coder: RoundCoder, name: str) -> Code:
    return make_code(coder.round.codebook, name=name, by=coder.user, made_in=coder.round)


def play(coders: Sequence[RoundCoder], *said: Sequence[str]) -> Round:
    """Let each coder say their words, one text of codes an item ("cat mouse"), and finish."""
    for coder, words in zip(coders, said, strict=True):
        for number, names in enumerate(words):
            say(coder, number, *names.split())
    for coder in coders:
        closed = finish(coder)
    return closed


def shown(coder: RoundCoder) -> list[str]:
    """The names of the codes before the coder, an item each."""
    return [" ".join(code.name for code in one.codes) for one in items(coder)]
