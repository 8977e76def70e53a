"""The addresses of pages, clips and the API."""

from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView

from annotation import api
from annotation.views import home, media, overview, review, videos


class Sha256:
    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Sha256, "sha256")

api_patterns = [
    path("videos", api.Videos.as_view(), name="api-videos"),
    path("videos/<sha256:sha256>", api.VideoDetail.as_view(), name="api-video"),
    path("clusters", api.Clusters.as_view(), name="api-clusters"),
    path("funnel", api.FunnelView.as_view(), name="api-funnel"),
    path("studies", api.Studies.as_view(), name="api-studies"),
    path("studies/<int:study_id>", api.StudyDetail.as_view(), name="api-study"),
    path("studies/<int:study_id>/agreement", api.Agreement.as_view(), name="api-agreement"),
    path("studies/<int:study_id>/next", api.NextClips.as_view(), name="api-next"),
    path("studies/<int:study_id>/progress", api.ProgressView.as_view(), name="api-progress"),
    path("studies/<int:study_id>/answers", api.Answers.as_view(), name="api-answers"),
    path("studies/<int:study_id>/answers/last", api.LastAnswer.as_view(), name="api-last-answer"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("rate/", home.my_studies, name="my-studies"),
    path("rate/<int:study_id>/", home.rate, name="rate"),
    path("videos/", videos.videos, name="videos"),
    path("videos/<sha256:sha256>/", videos.video, name="video"),
    path("videos/<sha256:sha256>/mark/", videos.mark, name="mark"),
    path("findings/<int:finding_id>/lift/", videos.lift, name="lift"),
    path("screening/", review.screening, name="screening"),
    path("screening/change/", review.screening_change, name="screening-change"),
    path("screening/apply/", review.screening_apply, name="screening-apply"),
    path("duplicates/", review.duplicates, name="duplicates"),
    path("log/", review.log, name="log"),
    path("review/decide/", review.decide, name="review-decide"),
    path("review/undo/", review.undo, name="review-undo"),
    path("clusters/", overview.clusters, name="clusters"),
    path("studies/", overview.studies, name="studies"),
    path("studies/<int:study_id>/", overview.study, name="study"),
    path("funnel/", overview.funnel_page, name="funnel"),
    path("funnel.svg", overview.funnel_drawing, name="funnel-drawing"),
    path("releases/", overview.releases, name="releases"),
    path("media/<sha256:sha256>/", media.media, name="media"),
    path("media/<sha256:sha256>/filmstrip/", media.filmstrip, name="filmstrip"),
    path("api/", include(api_patterns)),
]
