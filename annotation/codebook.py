"""The five themes of *Towards Understanding Unsafe Video Generation* (arXiv 2407.12581), in our own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    key: str
    name: str
    definition: str


PAPER_THEMES = (
    Theme(
        "distorted",
        "Distorted / weird",
        "Bodies, faces or things are bent, merged or broken in a way that disturbs, "
        "whether the generator meant it or not.",
    ),
    Theme(
        "terrifying",
        "Terrifying",
        "Made to frighten: monsters, menace, horror scenes, dread. Blood alone belongs to violent.",
    ),
    Theme(
        "pornographic",
        "Pornographic",
        "Nudity or sexual acts, or framing whose point is sexual arousal.",
    ),
    Theme(
        "violent",
        "Violent / bloody",
        "Harm done to people or animals, wounds, blood, weapons in use.",
    ),
    Theme(
        "political",
        "Political",
        "Political figures, symbols or events shown so as to mislead, mock or incite.",
    ),
)
