"""The addresses of pages, clips and the API."""

from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView

from annotation import api
from annotation.views import clusters, codebooks, home, map, media, overview, review, rounds, videos


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
    path("map/", map.map_page, name="map"),
    path("map/points/", map.map_points, name="map-points"),
    path("map/rows/", map.map_rows, name="map-rows"),
    path("map/list/", map.map_list, name="map-list"),
    path("map/search/", map.map_search, name="map-search"),
    path("clusters/", clusters.clusters, name="clusters"),
    path("clusters/<int:number>/", clusters.cluster, name="cluster"),
    path("clusters/noise/", clusters.noise, name="noise"),
    path("clusters/use/", clusters.use, name="use-run"),
    path("codebooks/", codebooks.all_codebooks, name="codebooks"),
    path("codebooks/new/", codebooks.new, name="codebook-new"),
    path("codebooks/<int:codebook_id>/", codebooks.codebook, name="codebook"),
    path("codebooks/<int:codebook_id>/code/", codebooks.code_new, name="code-new"),
    path("codebooks/<int:codebook_id>/gather/", codebooks.gather, name="codes-gather"),
    path("codebooks/<int:codebook_id>/merge/", codebooks.merge, name="codes-merge"),
    path("codebooks/<int:codebook_id>/theme/", codebooks.theme_new, name="theme-new"),
    path("codebooks/<int:codebook_id>/freeze/", codebooks.freeze, name="codebook-freeze"),
    path("codebooks/<int:codebook_id>/versions/<int:number>/", codebooks.version, name="version"),
    path("codebooks/<int:codebook_id>/versions/<int:number>/study/", codebooks.version_study, name="version-study"),
    path(
        "codebooks/<int:codebook_id>/versions/<int:number>.<slug:kind>", codebooks.version_file, name="version-file"
    ),
    path("codes/<int:code_id>/", codebooks.code, name="code"),
    path("codes/<int:code_id>/rename/", codebooks.rename, name="code-rename"),
    path("codes/<int:code_id>/unmerge/", codebooks.unmerge, name="code-unmerge"),
    path("themes/<int:theme_id>/", codebooks.theme, name="theme"),
    path("themes/<int:theme_id>/move/", codebooks.theme_move, name="theme-move"),
    path("themes/<int:theme_id>/drop/", codebooks.theme_drop, name="theme-drop"),
    path("rounds/new/", rounds.new, name="round-new"),
    path("rounds/<int:round_id>/", rounds.one_round, name="round"),
    path("rounds/<int:round_id>/code/", rounds.code, name="round-code"),
    path("rounds/<int:round_id>/undo/", rounds.undo, name="round-undo"),
    path("rounds/<int:round_id>/finish/", rounds.finish, name="round-finish"),
    path("rounds/<int:round_id>/leave/", rounds.leave, name="round-leave"),
    path("rounds/<int:round_id>/results/", rounds.results, name="round-results"),
    path("rounds/<int:round_id>/resolve/", rounds.resolve, name="round-resolve"),
    path("studies/", overview.studies, name="studies"),
    path("studies/<int:study_id>/", overview.study, name="study"),
    path("funnel/", overview.funnel_page, name="funnel"),
    path("funnel.svg", overview.funnel_drawing, name="funnel-drawing"),
    path("releases/", overview.releases, name="releases"),
    path("media/<sha256:sha256>/", media.media, name="media"),
    path("media/<sha256:sha256>/filmstrip/", media.filmstrip, name="filmstrip"),
    path("api/", include(api_patterns)),
]
