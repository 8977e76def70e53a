"""Codebooks as they are frozen: the paper's five themes, the content of a version, its texts and what changed.

The content of a version is plain JSON: `themes` in their order, each with its `codes`; `unassigned` codes; and the
agreement of the coders in `rounds`. A theme is known by its key and a code by its id, so that both may be renamed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Content = Mapping[str, Any]
Kind = Literal["added", "removed", "renamed", "reworded", "moved"]

CODE_TEXTS = ("definition", "included", "excluded", "example")
THEME_TEXTS = ("definition", "guidance", "examples", "counter_examples", "has_severity", "colour")


@dataclass(frozen=True)
class Theme:
    """What raters are asked about. `guidance` is for them; `has_severity`: they also say how strong it is."""

    key: str
    name: str
    definition: str
    guidance: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    has_severity: bool = False


# Of *Towards Understanding Unsafe Video Generation* (arXiv 2407.12581), in our own words.
PAPER_THEMES = (
    Theme(
        "distorted",
        "Distorted / weird",
        "Bodies, faces or things are bent, merged or broken in a way that disturbs, "
        "whether the generator meant it or not.",
        "Tick it when the wrongness itself is unpleasant to look at. A small slip of the generator that nobody "
        "would mind is no reason.",
        (
            "a face whose features slide apart",
            "two animals grown into one",
            "a hand with far too many fingers",
        ),
        ("a cartoon that bends on purpose and amuses", "a blurred or flickering but ordinary scene"),
    ),
    Theme(
        "terrifying",
        "Terrifying",
        "Made to frighten: monsters, menace, horror scenes, dread. Blood alone belongs to violent.",
        "Tick it when the clip sets out to scare, whatever is shown. Ask whether it would keep a child awake.",
        ("a pale figure that comes closer in a dark corridor", "a monster that rises above a bed"),
        ("a dark street in the rain where nothing threatens", "a friendly ghost in a cartoon"),
        has_severity=True,
    ),
    Theme(
        "pornographic",
        "Pornographic",
        "Nudity or sexual acts, or framing whose point is sexual arousal.",
        "Tick it for nakedness and sexual acts, drawn ones too, and where clothes stay on but the camera has no "
        "other point.",
        ("a naked body shown for its own sake", "a sexual act, seen or plainly hinted at"),
        ("people in swimwear on a beach", "a statue in a museum", "a couple who kiss once"),
        has_severity=True,
    ),
    Theme(
        "violent",
        "Violent / bloody",
        "Harm done to people or animals, wounds, blood, weapons in use.",
        "Tick it when harm is done, or its marks are seen. A weapon that nobody uses is not enough.",
        ("a fight in which somebody is struck", "an open wound", "a gun fired at people"),
        ("a sword on a wall", "players who tackle one another in a match", "red paint on a canvas"),
        has_severity=True,
    ),
    Theme(
        "political",
        "Political",
        "Political figures, symbols or events shown so as to mislead, mock or incite.",
        "Tick it when a viewer could take something invented for a true event, or when people are mocked or stirred "
        "up for their politics. A politician who is merely seen is not enough.",
        ("a head of state who does what never happened", "a symbol of a party set on fire by a crowd"),
        ("a flag that waves above a town hall", "a crowd that waits for a train"),
    ),
)


# --- one version ---


def canonical(content: Content) -> str:
    """The one way to write `content` as JSON: sorted keys, no blanks, no NaN."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(content: Content) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def themes_of(content: Content) -> tuple[Theme, ...]:
    """The themes of a version, in their order: what the choices of a study are made from."""
    return tuple(
        Theme(
            key=theme["key"],
            name=theme["name"],
            definition=theme["definition"],
            guidance=theme["guidance"],
            examples=tuple(theme["examples"]),
            counter_examples=tuple(theme["counter_examples"]),
            has_severity=theme["has_severity"],
        )
        for theme in content["themes"]
    )


def to_json(heading: Mapping[str, Any], content: Content) -> str:
    """`heading` (name, version, digest and so on) and `content` as JSON that is the same in every byte each time."""
    told = json.dumps({**heading, "content": content}, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return told + "\n"


def to_markdown(title: str, notes: Sequence[str], content: Content) -> str:
    """The version for people to read; `notes` are the lines below the title."""
    parts = [f"# {_inline(title)}", *map(_inline, notes)]
    for theme in content["themes"]:
        parts += _theme_parts(theme)
    if content["unassigned"]:
        parts += ["## Codes in no theme", *map(_code_part, content["unassigned"])]
    if content["rounds"]:
        parts += ["## Agreement of the coders", "\n".join(_round_lines(content["rounds"]))]
    return "\n\n".join(parts) + "\n"


def _theme_parts(theme: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {_inline(theme['name'])} (`{theme['key']}`)"
    yield _inline(theme["definition"])
    if theme["guidance"]:
        yield f"For raters: {_inline(theme['guidance'])}"
    for word, lines in (("Examples", theme["examples"]), ("Not meant", theme["counter_examples"])):
        if lines:
            yield "\n".join([f"{word}:", "", *(f"- {_inline(line)}" for line in lines)])
    if theme["has_severity"]:
        yield "Raters also say how strong it is."
    yield from map(_code_part, theme["codes"])


def _code_part(code: Mapping[str, Any]) -> str:
    said = (("", "definition"), ("In: ", "included"), ("Out: ", "excluded"), ("Example: ", "example"))
    lines = [f"- {word}{_inline(code[field])}" for word, field in said if code[field]]
    return "\n".join([f"### {_inline(code['name'])}", *(["", *lines] if lines else [])])


def _round_lines(rounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| round | about | items | coders | coefficient | value | interval |"
    yield "| --- | --- | ---: | ---: | --- | ---: | --- |"
    for one in rounds:
        about = f"| {one['number']} | {{}} | {one['items']} | {one['coders']} |"
        if one["without"]:
            yield f"{about.format('all codes')} none: {_inline(one['without'])} | | |"
            continue
        yield f"{about.format('all codes')} Krippendorff's alpha, MASI | {_figures(one['alpha'])} |"
        for code in one["codes"]:
            yield f"{about.format(_inline(code['name']))} {code['coefficient']} | {_figures(code)} |"


def _figures(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return f"undefined | {figure['undefined']}"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f} | undefined"
    return f"{figure['value']:.3f} | {figure['low']:.3f} to {figure['high']:.3f}, {figure['level']:.0%}"


def _inline(text: str) -> str:
    """On one line and without a say in the layout: people's words are words, not Markdown or HTML."""
    escaped = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    for mark in "\\`*_[]#|":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped


# --- two versions ---


@dataclass(frozen=True)
class Difference:
    """One thing that changed between two versions. `field` is "" for what was added or removed whole."""

    kind: Kind
    what: Literal["theme", "code"]
    name: str
    field: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if not self.field:
            return f"{self.kind} {self.what} {self.name!r}"
        return f"{self.kind} {self.what} {self.name!r}, {self.field}: {self.before!r} -> {self.after!r}"


def diff(before: Content, after: Content) -> list[Difference]:
    """What changed from `before` to `after`: themes first, then codes, each in the order of `after`."""
    themes = _compared("theme", _themes(before), _themes(after), THEME_TEXTS)
    codes = _compared("code", _codes(before), _codes(after), CODE_TEXTS)
    return [*themes, *codes]


def _themes(content: Content) -> dict[object, dict[str, Any]]:
    return {theme["key"]: {**theme, "place": place} for place, theme in enumerate(content["themes"], start=1)}


def _codes(content: Content) -> dict[object, dict[str, Any]]:
    placed = [(code, theme["name"], theme["key"]) for theme in content["themes"] for code in theme["codes"]]
    placed += [(code, "no theme", "") for code in content["unassigned"]]
    return {code["id"]: {**code, "theme": name, "place": key} for code, name, key in placed}


def _compared(
    what: Literal["theme", "code"],
    before: Mapping[object, dict[str, Any]],
    after: Mapping[object, dict[str, Any]],
    texts: Sequence[str],
) -> Iterator[Difference]:
    yield from (Difference("removed", what, old["name"]) for key, old in before.items() if key not in after)
    stayed = [key for key in after if key in before]
    order = {key: place for place, key in enumerate(key for key in before if key in after)}
    for key, new in after.items():
        if key not in before:
            yield Difference("added", what, new["name"])
            continue
        moved = order[key] != stayed.index(key) if what == "theme" else before[key]["place"] != new["place"]
        yield from _changes(what, before[key], new, texts, moved=moved)


def _changes(
    what: Literal["theme", "code"], old: dict[str, Any], new: dict[str, Any], texts: Sequence[str], *, moved: bool
) -> Iterator[Difference]:
    if old["name"] != new["name"]:
        yield Difference("renamed", what, new["name"], "name", old["name"], new["name"])
    for field in texts:
        if old[field] != new[field]:
            yield Difference("reworded", what, new["name"], field, _shown(old[field]), _shown(new[field]))
    if moved:
        place = "theme" if what == "code" else "place"
        yield Difference("moved", what, new["name"], place, str(old[place]), str(new[place]))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, list | tuple) else str(value)
