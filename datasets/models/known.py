"""Known material: the lists it is compared with, and the record of every quarantine.

An incident outlives its video: it names the content by its SHA-256, and what it says was copied when it was opened.
Nothing of it is overwritten; votes, matches and holds are rows of their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from datasets.models.videos import Finding, Video

PERSON = settings.AUTH_USER_MODEL
YEAR = 365  # days, the least that an incident is kept


class Algorithm(models.TextChoices):
    MD5 = "md5", "MD5"
    SHA1 = "sha1", "SHA-1"
    SHA256 = "sha256", "SHA-256"
    PDQ = "pdq", "PDQ"
    VPDQ = "vpdq", "vPDQ"


class HashList(models.Model):
    """A file of hashes as it was loaded. A newer file under the same name withdraws the older."""

    name = models.CharField(max_length=56)
    source = models.TextField(help_text="the path it was read from")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    loaded_at = models.DateTimeField(auto_now_add=True)
    loaded_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=("name",), condition=Q(withdrawn_at=None), name="hash_list_stands_once"),
            models.CheckConstraint(condition=~Q(name=""), name="hash_list_named"),
            models.CheckConstraint(condition=Q(digest__length=64), name="hash_list_digest_length"),
        )

    def __str__(self) -> str:
        return self.name


class HashEntry(models.Model):
    """One hash of a list that stands; those of a withdrawn list are deleted, as those who share lists demand."""

    hash_list = models.ForeignKey(HashList, models.CASCADE, related_name="entries")
    algorithm = models.CharField(max_length=8, choices=Algorithm)
    value = models.TextField(help_text="hexadecimal; for vPDQ the JSON of its frames")
    quality = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 to 100, of a PDQ hash")
    note = models.TextField(blank=True)
    line = models.PositiveIntegerField(help_text="in the file; in JSON the number of the item")

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "hash entries"
        constraints = (
            # A vPDQ signal is too long for an index; the reader drops its repeats.
            models.UniqueConstraint(
                fields=("hash_list", "algorithm", "value"), condition=~Q(algorithm="vpdq"), name="hash_entry_once"
            ),
            models.CheckConstraint(condition=Q(algorithm__in=Algorithm.values), name="hash_entry_algorithm_known"),
            models.CheckConstraint(condition=Q(quality=None) | Q(quality__lte=100), name="hash_entry_quality"),
        )

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.hash_list_id}, line {self.line}"


class Digest(models.Model):
    """The older digests of a stored file; its SHA-256 is its name already."""

    video = models.OneToOneField(Video, models.CASCADE, primary_key=True, related_name="digest")
    md5 = models.CharField(max_length=32)
    sha1 = models.CharField(max_length=40)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(md5__length=32), name="digest_md5_length"),
            models.CheckConstraint(condition=Q(sha1__length=40), name="digest_sha1_length"),
        )

    def __str__(self) -> str:
        return f"digests of {self.video_id[:12]}"


class Incident(models.Model):
    """Why some content is in quarantine, from when, where it came from and who had been sent it.

    `cause` is the list, the rule of the gate or the reason of the person. Content that was recognised before it was
    decoded has no video and so no finding.
    """

    class Kind(models.TextChoices):
        HASH = "hash", "on a list of known material"
        GATE = "gate", "its prompt met a rule of the gate"
        REPORT = "report", "reported by a person"

    sha256 = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=8, choices=Kind)
    cause = models.CharField(max_length=56)
    hash_list = models.ForeignKey(HashList, models.PROTECT, null=True, blank=True, related_name="incidents")
    finding = models.OneToOneField(Finding, models.SET_NULL, null=True, blank=True, related_name="incident")
    note = models.TextField(blank=True)
    sightings = models.JSONField(default=list, blank=True, help_text="where the content was met; no prompts")
    views = models.JSONField(default=list, blank=True, help_text="who had been sent it, and when")
    opened_at = models.DateTimeField(auto_now_add=True)
    opened_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    kept_days = models.PositiveIntegerField(default=YEAR + 1, help_text="from the day it was opened")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("sha256", "kind", "cause"), condition=Q(released_at=None), name="incident_stands_once"
            ),
            models.CheckConstraint(condition=Q(sha256__length=64), name="incident_sha256_length"),
            models.CheckConstraint(condition=~Q(cause=""), name="incident_has_a_cause"),
            models.CheckConstraint(
                condition=Q(kind="hash", hash_list__isnull=False)
                | Q(kind__in=("gate", "report"), hash_list__isnull=True),
                name="incident_list_of_a_hash",
            ),
            models.CheckConstraint(condition=Q(kept_days__gte=YEAR), name="incident_kept_a_year"),
        )

    def __str__(self) -> str:
        return f"incident {self.pk}"  # and nothing that tells of the content

    @property
    def stands(self) -> bool:
        return self.released_at is None

    @property
    def kept_until(self) -> datetime:
        return self.opened_at + timedelta(days=self.kept_days)


class IncidentMatch(models.Model):
    """An entry of the incident's list that the content matched, copied so that it outlives the list."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="matches")
    algorithm = models.CharField(max_length=8, choices=Algorithm)
    value = models.TextField()
    line = models.PositiveIntegerField()
    distance = models.PositiveSmallIntegerField(null=True, blank=True, help_text="bits of 256, of the nearest frames")
    share = models.FloatField(null=True, blank=True, help_text="0 to 1, of matching frames")
    matched_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "incident matches"
        constraints = (
            models.CheckConstraint(
                condition=Q(algorithm__in=Algorithm.values), name="incident_match_algorithm_known"
            ),
            models.CheckConstraint(
                condition=Q(share=None) | Q(share__gte=0, share__lte=1), name="incident_match_share"
            ),
            models.CheckConstraint(condition=Q(distance=None) | Q(distance__lte=256), name="incident_match_distance"),
        )

    def __str__(self) -> str:
        return f"{self.algorithm} match of incident {self.incident_id}"


class LegalHold(models.Model):
    """While one stands, the incident's content is neither released nor taken down."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="holds")
    placed_at = models.DateTimeField(auto_now_add=True)
    placed_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    why = models.TextField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    lifted_why = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("incident",), condition=Q(lifted_at=None), name="legal_hold_stands_once"),
            models.CheckConstraint(condition=~Q(why=""), name="legal_hold_says_why"),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | (~Q(lifted_by=None) & ~Q(lifted_why="")), name="legal_hold_lifted_why"
            ),
        )

    def __str__(self) -> str:
        return f"legal hold of incident {self.incident_id}"


class ReleaseVote(models.Model):
    """One person's word that a quarantine may end. New evidence makes the votes before it lapse."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="votes")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    reason = models.TextField()
    voted_at = models.DateTimeField(auto_now_add=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "by"), condition=Q(lapsed_at=None), name="release_vote_once_a_person"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="release_vote_says_why"),
            models.CheckConstraint(
                condition=Q(lapsed_at=None) | Q(lapsed_at__gte=F("voted_at")), name="release_vote_lapses_later"
            ),
        )

    def __str__(self) -> str:
        return f"vote on incident {self.incident_id}"
