"""Videos as people see them: studies, raters, answers, consensus and releases."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.coding import CodebookVersion
from datasets.models import Run, Video


class Study(models.Model):
    """One question put to raters about a set of videos, `overlap` raters a video."""

    name = models.CharField(max_length=100, unique=True)
    question = models.CharField(max_length=300, default="What does this video show?")
    overlap = models.PositiveSmallIntegerField(default=3, help_text="raters per video")
    seed = models.BigIntegerField(default=0, help_text="of the assignment")
    codebook_version = models.ForeignKey(
        CodebookVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="studies",
        help_text="its choices' source",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "studies"
        constraints = (models.CheckConstraint(condition=Q(overlap__gte=1), name="overlap_at_least_one"),)

    def __str__(self) -> str:
        return self.name


class Choice(models.Model):
    """One thing a rater may tick. "None of these" is not a choice but an outcome of its own."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="choices")
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    definition = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("study", "position")
        constraints = (
            models.UniqueConstraint(fields=("study", "key"), name="choice_key_once"),
            models.UniqueConstraint(fields=("study", "position"), name="choice_position_once"),
        )

    def __str__(self) -> str:
        return self.name


def new_pseudonym() -> str:
    """Random, so that nothing about a person can be read off it."""
    return f"r-{secrets.token_hex(5)}"


class Rater(models.Model):
    """A rater is a random pseudonym to everything but `RaterAccount`."""

    pseudonym = models.CharField(max_length=20, unique=True, default=new_pseudonym)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pseudonym",)

    def __str__(self) -> str:
        return self.pseudonym


class RaterAccount(models.Model):
    """The one table that joins a pseudonym to a person: it signs them in and, later, pays them."""

    rater = models.OneToOneField(Rater, models.PROTECT, related_name="account")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rater_account")

    def __str__(self) -> str:
        return f"{self.rater_id}"


class Slot(models.Model):
    """One of a video's `overlap` places in a study. That no video gets too many answers is this table's doing."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="slots")
    video = models.ForeignKey(Video, models.PROTECT, related_name="slots")
    number = models.PositiveSmallIntegerField(help_text="0 to overlap - 1")
    rater = models.ForeignKey(Rater, models.PROTECT, null=True, blank=True, related_name="slots")
    order = models.PositiveIntegerField(default=0, help_text="the place in this rater's own random order")

    class Meta:
        ordering = ("study", "rater", "order")
        constraints = (
            models.UniqueConstraint(fields=("study", "video", "number"), name="slot_once"),
            models.UniqueConstraint(fields=("study", "video", "rater"), name="slot_rater_once_per_video"),
        )
        indexes = (models.Index(fields=("rater", "study", "order"), name="slot_queue"),)

    def __str__(self) -> str:
        return f"{self.video_id[:12]} slot {self.number}"


class Outcome(models.TextChoices):
    """Labels, none of these, and skipped are three things; an unseen video is a fourth: no answer at all."""

    LABELS = "labels"
    NONE = "none"
    SKIPPED = "skipped"


class Answer(models.Model):
    """What a rater said of a video. Answers are versions: the newest of a slot counts, all are kept."""

    id = models.UUIDField(
        primary_key=True, default=uuid.uuid4, help_text="made in the browser: sending twice is once"
    )
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="answers")
    version = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    labels = models.ManyToManyField(Choice, blank=True, related_name="answers")
    seconds = models.FloatField(null=True, blank=True, help_text="from the clip's appearance to the answer")
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slot", "version")
        constraints = (
            models.UniqueConstraint(fields=("slot", "version"), name="answer_version_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="answer_outcome_known"),
            models.CheckConstraint(condition=Q(seconds=None) | Q(seconds__gte=0), name="answer_seconds_positive"),
        )

    def __str__(self) -> str:
        return f"{self.outcome} v{self.version}"


class Verdict(models.TextChoices):
    YES = "yes"
    NO = "no"
    TIE = "tie"


class Consensus(models.Model):
    """What a run of `aggregate` made of a video's answers, per choice."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="consensus")
    study = models.ForeignKey(Study, models.CASCADE, related_name="consensus")
    video = models.ForeignKey(Video, models.PROTECT, related_name="consensus")
    choice = models.ForeignKey(Choice, models.PROTECT, related_name="consensus")
    votes = models.PositiveSmallIntegerField(help_text="raters who ticked the choice")
    raters = models.PositiveSmallIntegerField(help_text="raters who answered")
    verdict = models.CharField(max_length=4, choices=Verdict)

    class Meta:
        ordering = ("run", "video", "choice")
        verbose_name_plural = "consensus"
        constraints = (
            models.UniqueConstraint(fields=("run", "video", "choice"), name="consensus_once"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="consensus_verdict_known"),
            models.CheckConstraint(condition=Q(votes__lte=models.F("raters")), name="consensus_votes_by_raters"),
        )

    def __str__(self) -> str:
        return f"{self.choice}: {self.verdict}"


class Release(models.Model):
    """A dataset written to the releases folder under its name; its digest says whether a copy is whole."""

    name = models.CharField(max_length=100, unique=True)
    study = models.ForeignKey(Study, models.PROTECT, related_name="releases")
    run = models.ForeignKey(Run, models.PROTECT, related_name="releases")
    digest = models.CharField(max_length=64, help_text="SHA-256 of its SHA256SUMS file")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name
