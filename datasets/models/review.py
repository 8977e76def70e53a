"""What people decided about videos and thresholds: the decision log."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from datasets.models.videos import Video


class Action(models.TextChoices):
    KEEP = "keep"
    REMOVE = "remove"
    FLAG = "flag"
    LIFT = "lift"
    SPLIT = "split"
    MERGE = "merge"
    THRESHOLD = "threshold"


class Decision(models.Model):
    """One act of a person, on one video or on many. It is undone by another act, never deleted."""

    action = models.CharField(max_length=16, choices=Action)
    videos = models.ManyToManyField(Video, related_name="decisions", blank=True)
    why = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(action__in=Action.values), name="decision_action_known"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="decision_undone_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.by_id} at {self.made_at:%F %T}"

    @property
    def stands(self) -> bool:
        return self.undone_at is None


class ThresholdChange(models.Model):
    """A screening threshold that a person set; the newest whose decision stands goes before the settings."""

    decision = models.OneToOneField(Decision, models.CASCADE, related_name="threshold_change")
    reason = models.CharField(max_length=64, db_index=True, help_text="the rule's name, as `blank`")
    threshold = models.FloatField()

    def __str__(self) -> str:
        return f"{self.reason} at {self.threshold:g}"
