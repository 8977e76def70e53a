"""Copies among the stored videos: each pair compared once, new videos against all before them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from django.db import transaction

from clustering.copies import Pair, find_pairs
from clustering.models import CopyPair
from datasets.copies import Comparison, Kind, Thresholds
from datasets.fingerprints import Fingerprint as Prints
from datasets.models import Fingerprint
from datasets.services.runs import digest

FIELDS = tuple(Comparison.__dataclass_fields__)


def copy_pairs(thresholds: Thresholds) -> list[Pair]:
    """All pairs of stored videos that are copies or likely so; compares those not compared yet.

    Every stored video takes part, removed ones too, so that one that is put back has been compared already.
    """
    name = digest(asdict(thresholds))
    _compare_new(name, thresholds)
    return [_pair(row) for row in CopyPair.objects.filter(thresholds=name)]


@transaction.atomic
def _compare_new(name: str, thresholds: Thresholds) -> None:
    new = Fingerprint.objects.exclude(compared=name)
    if new.exists():
        old = Fingerprint.objects.filter(compared=name)
        found = find_pairs(_prints(new), _prints(old), thresholds)
        rows = [_row(pair, name) for pair in found]
        CopyPair.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
        new.update(compared=name)


def _prints(rows: Iterable[Fingerprint]) -> dict[str, Prints]:
    return {row.video_id: Prints.from_bytes(bytes(row.content)) for row in rows}


def _row(pair: Pair, name: str) -> CopyPair:
    return CopyPair(a_id=pair.a, b_id=pair.b, thresholds=name, **asdict(pair.comparison))


def _pair(row: CopyPair) -> Pair:
    evidence = {field: getattr(row, field) for field in FIELDS} | {"kind": Kind(row.kind)}
    return Pair(row.a_id, row.b_id, Comparison(**evidence))
