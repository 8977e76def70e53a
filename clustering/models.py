"""Videos as vectors: embeddings, duplicate groups and clusters."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from datasets.models import Decision, Run, Video


class Embedding(models.Model):
    """One unit vector of a video under one encoder key, as raw little-endian float32."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="embeddings")
    encoder_key = models.CharField(max_length=200, db_index=True)
    vector = models.BinaryField()
    frame_similarity = models.FloatField(
        null=True, help_text="least cosine of two neighbouring frames, -1 to 1; none where they are far apart in time"
    )
    prompt_similarity = models.FloatField(
        null=True, help_text="cosine of clip and prompt, -1 to 1; none without a prompt"
    )

    class Meta:
        ordering = ("video",)
        constraints = (models.UniqueConstraint(fields=("video", "encoder_key"), name="embedding_once"),)

    def __str__(self) -> str:
        return f"{self.video_id[:12]} {self.encoder_key}"


class CopyPair(models.Model):
    """Two videos that are copies of each other, or likely so, with the evidence (`datasets.copies.Comparison`)."""

    a = models.ForeignKey(Video, models.CASCADE, related_name="+")
    b = models.ForeignKey(Video, models.CASCADE, related_name="+")
    thresholds = models.CharField(max_length=64, db_index=True, help_text="digest of those it was compared by")
    kind = models.CharField(max_length=8)
    share_ab = models.FloatField(null=True, help_text="of a's frames that b shows")
    share_ba = models.FloatField(null=True, help_text="of b's frames that a shows")
    tile_correlation = models.FloatField()
    agreement = models.FloatField()
    most_agreement = models.FloatField()
    colour = models.FloatField(help_text="8-bit levels")
    crop = models.FloatField(help_text="share of a side")
    offset = models.FloatField(help_text="seconds")

    class Meta:
        ordering = ("a", "b")
        constraints = (
            models.UniqueConstraint(fields=("a", "b", "thresholds"), name="pair_once"),
            models.CheckConstraint(condition=Q(a__lt=models.F("b")), name="pair_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.a_id[:12]} {self.kind} {self.b_id[:12]}"


class PairVerdict(models.Model):
    """What a person said of two videos, copies or not. The newest whose decision stands goes before any measure."""

    decision = models.ForeignKey(Decision, models.CASCADE, related_name="pair_verdicts")
    a = models.ForeignKey(Video, models.CASCADE, related_name="+")
    b = models.ForeignKey(Video, models.CASCADE, related_name="+")
    copies = models.BooleanField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("decision", "a", "b"), name="verdict_once"),
            models.CheckConstraint(condition=Q(a__lt=models.F("b")), name="verdict_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.a_id[:12]} {'and' if self.copies else 'not'} {self.b_id[:12]}"


class DuplicateGroup(models.Model):
    """The copies of one video that a run found: every member is within the threshold of the representative."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="duplicate_groups")
    representative = models.ForeignKey(Video, models.CASCADE, related_name="represents")

    class Meta:
        ordering = ("representative",)
        constraints = (models.UniqueConstraint(fields=("run", "representative"), name="group_once"),)

    def __str__(self) -> str:
        return f"copies of {self.representative_id[:12]}"


class DuplicateMember(models.Model):
    group = models.ForeignKey(DuplicateGroup, models.CASCADE, related_name="members")
    video = models.ForeignKey(Video, models.CASCADE, related_name="copy_in")
    kind = models.CharField(max_length=16)
    score = models.FloatField(help_text="similarity to the representative, 0 to 1")

    class Meta:
        ordering = ("-score", "video")
        constraints = (models.UniqueConstraint(fields=("group", "video"), name="member_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.score:.3f}"


class Cluster(models.Model):
    """A group of videos alike, within one run. Runs stand side by side and are never overwritten."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="clusters")
    number = models.PositiveIntegerField()
    medoid = models.ForeignKey(Video, models.PROTECT, related_name="+")
    words = models.JSONField(default=list, help_text="[word, count, weight], heaviest first")

    class Meta:
        ordering = ("run", "number")
        constraints = (models.UniqueConstraint(fields=("run", "number"), name="cluster_once"),)

    def __str__(self) -> str:
        return f"cluster {self.number}"

    @property
    def title(self) -> str:
        return " ".join(word for word, *_ in self.words[:4])


class Membership(models.Model):
    """Where a run put a video; no cluster means noise."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="memberships")
    video = models.ForeignKey(Video, models.CASCADE, related_name="memberships")
    cluster = models.ForeignKey(Cluster, models.CASCADE, null=True, related_name="memberships")
    strength = models.FloatField(help_text="0 to 1")
    joined = models.BooleanField(default=False, help_text="came after the run, by its nearest neighbours")
    nearest = models.ForeignKey(
        Cluster, models.CASCADE, null=True, related_name="suggested", help_text="for noise: where it comes nearest"
    )

    class Meta:
        ordering = ("-strength", "video")
        constraints = (
            models.UniqueConstraint(fields=("run", "video"), name="membership_once"),
            models.CheckConstraint(condition=Q(strength__gte=0, strength__lte=1), name="strength_is_a_share"),
        )

    def __str__(self) -> str:
        return f"{self.video_id[:12]} in {self.cluster or 'noise'}"


class ChosenRun(models.Model):
    """The team's word on which run of a stage is in use; the newest of a stage counts."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="chosen")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.TextField(blank=True)
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.run} chosen at {self.chosen_at:%F %T}"


class Projection(models.Model):
    """Where the map draws the videos of a cluster run."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="projection")
    videos = models.BinaryField(help_text="their SHA-256s, 32 bytes each, in the order of the points")
    points = models.BinaryField(help_text="x and y of each, little-endian float32, -1 to 1")
    parameters = models.JSONField(default=dict, help_text="method, its parameters and seed, versions")

    def __str__(self) -> str:
        return f"map of {self.run}"
