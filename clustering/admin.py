"""Vectors, duplicate groups and clusters, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from clustering.models import (
    ChosenRun,
    Cluster,
    CopyPair,
    DuplicateGroup,
    DuplicateMember,
    Embedding,
    Membership,
    PairVerdict,
    Projection,
)
from config.admin import ReadOnly
from datasets.admin import OfVisibleVideos
from datasets.models import Video


@admin.register(Embedding)
class EmbeddingAdmin(OfVisibleVideos, ReadOnly, admin.ModelAdmin):
    list_display = ("video", "encoder_key")
    list_filter = ("encoder_key",)
    search_fields = ("video__sha256__startswith",)
    list_select_related = ("video",)
    exclude = ("vector",)


class MemberInline(OfVisibleVideos, ReadOnly, admin.TabularInline):
    model = DuplicateMember
    fields = ("video", "kind", "score")
    readonly_fields = fields
    extra = 0


@admin.register(DuplicateGroup)
class DuplicateGroupAdmin(OfVisibleVideos, ReadOnly, admin.ModelAdmin):
    video_path = "representative"
    list_display = ("representative", "run")
    list_filter = ("run",)
    search_fields = ("representative__sha256__startswith",)
    list_select_related = ("representative", "run")
    inlines = (MemberInline,)


@admin.register(DuplicateMember)
class DuplicateMemberAdmin(OfVisibleVideos, ReadOnly, admin.ModelAdmin):
    list_display = ("video", "kind", "score", "group")
    list_filter = ("kind", "group__run")
    search_fields = ("video__sha256__startswith",)
    list_select_related = ("video", "group__run")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DuplicateMember]:
        return super().get_queryset(request).filter(group__representative__in=Video.objects.visible())


@admin.register(Cluster)
class ClusterAdmin(ReadOnly, admin.ModelAdmin):
    """The medoid may be in quarantine by now, so it is named on the clusters page only."""

    list_display = ("number", "run", "title", "size")
    list_filter = ("run",)
    list_select_related = ("run",)
    exclude = ("medoid",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cluster]:
        return super().get_queryset(request).annotate(members=Count("memberships"))

    @admin.display(ordering="members")
    def size(self, cluster: Cluster) -> int:
        return cluster.members  # type: ignore[attr-defined, no-any-return]


@admin.register(Membership)
class MembershipAdmin(OfVisibleVideos, ReadOnly, admin.ModelAdmin):
    list_display = ("video", "cluster", "strength", "run")
    list_filter = ("run",)
    search_fields = ("video__sha256__startswith",)
    list_select_related = ("video", "cluster", "run")


@admin.register(CopyPair)
class CopyPairAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("a", "b", "kind", "share_ab", "share_ba", "tile_correlation", "agreement", "colour")
    list_filter = ("kind",)
    list_select_related = ("a", "b")
    search_fields = ("a__sha256__startswith", "b__sha256__startswith")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CopyPair]:
        visible = Video.objects.visible()
        return super().get_queryset(request).filter(a__in=visible, b__in=visible)


@admin.register(PairVerdict)
class PairVerdictAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("a", "b", "copies", "decision")
    list_filter = ("copies",)
    list_select_related = ("a", "b", "decision")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PairVerdict]:
        visible = Video.objects.visible()
        return super().get_queryset(request).filter(a__in=visible, b__in=visible)


@admin.register(ChosenRun)
class ChosenRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run", "by", "why", "chosen_at")
    list_select_related = ("run", "by")


@admin.register(Projection)
class ProjectionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run",)
    list_select_related = ("run",)
    exclude = ("videos", "points")
