"""The JSON API: what researchers read, and what the rating page asks and sends."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.forms import ChoiceField
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import serializers as out
from annotation.forms import VideoFilter
from annotation.models import Rater, Study
from annotation.services import browse, rating, results
from annotation.services.agreement import study_agreement
from annotation.services.dossier import dossier
from annotation.services.funnel import funnel
from annotation.services.labels import progress
from config.permissions import IsRater
from datasets.models import Video


def _filter_parameters() -> list[OpenApiParameter]:
    """The fields of `VideoFilter`, so that the document cannot fall behind the form."""
    return [
        OpenApiParameter(name, str, description=str(field.help_text), enum=_allowed(field))
        for name, field in VideoFilter.base_fields.items()
    ]


def _allowed(field: Any) -> list[str] | None:
    choices: Any = field.choices if type(field) is ChoiceField else ()
    return [key for key, _ in choices if key] or None


class Videos(ListAPIView[Video]):
    serializer_class = out.VideoSerializer
    queryset = Video.objects.none()

    @extend_schema(operation_id="videos", parameters=_filter_parameters())
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Videos by filter, a page at a time. Quarantined ones are not among them."""
        return super().get(request, *args, **kwargs)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return browse.with_details(browse.videos(VideoFilter(self.request.GET).wanted()))


class VideoDetail(APIView):
    @extend_schema(operation_id="video", responses=out.DossierSerializer)
    def get(self, request: Request, sha256: str) -> Response:
        """All that is known of one video."""
        found = dossier(sha256)
        if found is None:
            raise Http404
        return Response(out.DossierSerializer(found).data)


class Clusters(APIView):
    @extend_schema(operation_id="clusters", responses=out.ClusteringSerializer)
    def get(self, request: Request) -> Response:
        """The clusters of the latest run; 404 before the first."""
        clustering = results.clustering()
        if clustering is None:
            raise Http404
        return Response(out.ClusteringSerializer(clustering).data)


class FunnelView(APIView):
    @extend_schema(
        operation_id="funnel",
        responses=out.FunnelSerializer,
        parameters=[OpenApiParameter("study", int, description="labelled and unsafe over this study alone")],
    )
    def get(self, request: Request) -> Response:
        """The way from found to unsafe, step by step."""
        wanted = VideoFilter(request.GET).wanted()
        return Response(out.FunnelSerializer(funnel(wanted["study"])).data)


class Studies(APIView):
    @extend_schema(operation_id="studies", responses=out.StudyLineSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every study with how far it is."""
        return Response(out.StudyLineSerializer(results.study_lines(), many=True).data)


class StudyDetail(APIView):
    @extend_schema(operation_id="study", responses=out.StudySerializer)
    def get(self, request: Request, study_id: int) -> Response:
        """A study with its choices."""
        return Response(out.StudySerializer(get_object_or_404(Study, pk=study_id)).data)


class Agreement(APIView):
    @extend_schema(operation_id="agreement", responses=out.AgreementSerializer(many=True))
    def get(self, request: Request, study_id: int) -> Response:
        """Agreement per choice of a study."""
        found = study_agreement(get_object_or_404(Study, pk=study_id))
        return Response(out.AgreementSerializer(found, many=True).data)


class RaterView(APIView):
    """An endpoint of a rater's own work: a study without clips of theirs is not there."""

    permission_classes = (IsRater,)

    def own(self, request: Request, study_id: int) -> tuple[Rater, Study]:
        rater: Rater = request.user.rater_account.rater  # type: ignore[union-attr]  # IsRater saw to it
        study = results.study_of(rater, study_id)
        if study is None:
            raise Http404
        return rater, study


class NextClips(RaterView):
    @extend_schema(operation_id="next_clips", parameters=[out.NextQuerySerializer], responses=out.QueueSerializer)
    def get(self, request: Request, study_id: int) -> Response:
        """The next clips that wait for this rater's answer."""
        query = out.NextQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        clips = rating.queue(*self.own(request, study_id), limit=query.validated_data["n"])
        return Response(out.QueueSerializer(clips).data)


class ProgressView(RaterView):
    @extend_schema(operation_id="progress", responses=out.ProgressSerializer)
    def get(self, request: Request, study_id: int) -> Response:
        """How many of this rater's clips have an answer."""
        return Response(out.ProgressSerializer(progress(*self.own(request, study_id))).data)


class Answers(RaterView):
    @extend_schema(
        operation_id="answer",
        request=out.SentAnswerSerializer,
        responses={201: out.KeptAnswerSerializer, 200: out.KeptAnswerSerializer},
    )
    def post(self, request: Request, study_id: int) -> Response:
        """Keep an answer: 201 when it is new, 200 when this id was kept before."""
        rater, study = self.own(request, study_id)
        sent = out.SentAnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        answer, new = rating.keep_answer(rater, study, sent.validated_data)
        return Response(out.KeptAnswerSerializer(answer).data, status=201 if new else 200)


class LastAnswer(RaterView):
    @extend_schema(operation_id="last_answer", responses=out.LastAnswerSerializer)
    def get(self, request: Request, study_id: int) -> Response:
        """The clip answered last, with its answer; 404 before the first."""
        found = rating.last_answered(*self.own(request, study_id))
        if found is None:
            raise Http404
        clip, answer = found
        return Response(out.LastAnswerSerializer({"clip": clip, "answer": answer}).data)
