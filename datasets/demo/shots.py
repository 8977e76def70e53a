"""Which files a corpus is made of, decided from its recipe before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from datasets.demo.attributes import pick
from datasets.demo.copies import COPY_KINDS
from datasets.demo.scenes import SCENES, Scene, caption_of
from datasets.demo.truth import Row

CORPUS_COPIES = ("exact", "reencoded", "rescaled", "logo")
GENERATORS = ("drawer-a", "drawer-b", "sketcher-2", "inkwell")
PROMPT_SOURCES = ("caption book", "sketch board")

Key = tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """What decides a corpus: its seed and how many files of each sort (`copies` of each of `kinds`)."""

    seed: int = 7
    originals: int = 9 * len(SCENES)
    copies: int = 8
    kinds: tuple[str, ...] = CORPUS_COPIES
    blank: int = 4
    noise: int = 3
    frozen: int = 5


@dataclass(frozen=True)
class Settings:
    """What the manifest says of a generation."""

    prompt: str
    prompt_source: str
    generator: str
    seed: int
    steps: int
    guidance_scale: float


@dataclass(frozen=True)
class Shot:
    """One file to make. `key` seeds its drawing; a copy has the key and settings of its original."""

    file_name: str
    kind: str
    scene: Scene
    key: Key
    settings: Settings
    copy_of: str | None = None

    def row(self) -> Row:
        """What the truth file says of it."""
        shown = self.kind not in ("blank", "noise")
        scene, theme = (self.scene.name, self.scene.theme) if shown else (None, None)
        return Row(self.file_name, scene, theme, self.kind, self.copy_of)


def plan_shots(recipe: Recipe) -> list[Shot]:
    """All files of a corpus, in the order of their names, which give nothing away."""
    rng = np.random.default_rng((recipe.seed, 1))
    shots = list(_generations(recipe, rng))
    shots += _copies(recipe, [shot for shot in shots if shot.kind == "original"], rng)
    numbers = rng.permutation(len(shots)) + 1
    names = {shot.file_name: f"clip-{number:04}.mp4" for shot, number in zip(shots, numbers, strict=True)}
    renamed = (
        replace(shot, file_name=names[shot.file_name], copy_of=names.get(shot.copy_of or "")) for shot in shots
    )
    return sorted(renamed, key=lambda shot: shot.file_name)


def _generations(recipe: Recipe, rng: np.random.Generator) -> Iterator[Shot]:
    """Everything that is no copy. No two have one caption: the prompt of a clip is its own."""
    kinds = ["original"] * recipe.originals + ["frozen"] * recipe.frozen
    kinds += ["blank"] * recipe.blank + ["noise"] * recipe.noise
    habits = rng.dirichlet(np.full(len(GENERATORS), 1.5), len(SCENES))
    used: set[str] = set()
    for index, kind in enumerate(kinds):
        which = index % len(SCENES)
        key, prompt = _fresh(SCENES[which], (recipe.seed, 2, index), used)
        yield Shot(str(index), kind, SCENES[which], key, _settings(prompt, habits[which], rng))


def _fresh(scene: Scene, key: Key, used: set[str]) -> tuple[Key, str]:
    attempt = 0
    while (caption := caption_of(scene, np.random.default_rng((*key, attempt)))) in used:
        attempt += 1
    used.add(caption)
    return (*key, attempt), caption


def _settings(prompt: str, habit: np.ndarray[tuple[int], np.dtype[np.float64]], rng: np.random.Generator) -> Settings:
    return Settings(
        prompt=prompt,
        prompt_source=pick(rng, PROMPT_SOURCES),
        generator=str(rng.choice(GENERATORS, p=habit)),
        seed=int(rng.integers(2**31)),
        steps=int(rng.choice((20, 25, 30, 50))),
        guidance_scale=float(rng.choice((5.0, 7.5, 9.0, 12.5))),
    )


def _copies(recipe: Recipe, originals: list[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    for kind in recipe.kinds:
        assert kind in COPY_KINDS
        for index in rng.permutation(len(originals))[: recipe.copies]:
            source = originals[index]
            yield replace(source, file_name=f"{kind} {index}", kind=kind, copy_of=source.file_name)
