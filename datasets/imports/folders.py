"""A folder per category: `clips/<category>/<clip>.mp4`."""

from __future__ import annotations

from collections.abc import Iterable

from datasets.imports.said import LABELS, NONE, UNLISTED, Labelled, Said, Vocabulary, shown
from datasets.manifest import normalised


def labelled(names: Iterable[str], words: Vocabulary, *, root: str) -> Labelled:
    """What the first folder of each name says of the file; one that lies in no folder is "unlisted".

    `names` are paths relative to `root`. A folder that no word of the vocabulary is for, and a word without
    a folder, are problems.
    """
    names = [normalised(name) for name in names]
    said = [_said(name, words, root) for name in names]
    folders = {_folder(name): name for name in reversed(names) if "/" in name}
    problems = [
        f"{root}: the folder {shown(folder)} is named by no --choice and no --none (it holds {shown(name)})"
        for folder, name in sorted(folders.items())
        if folder not in words.words
    ]
    problems += [f"{root}: no video lies in a folder {shown(word)}" for word in sorted(words.words - folders.keys())]
    return Labelled(said, problems=problems)


def _said(name: str, words: Vocabulary, root: str) -> Said:
    folder = _folder(name)
    where = f"{root}/{name}"
    if folder in words.keys:
        return Said(name, LABELS, frozenset({words.keys[folder]}), where=where)
    return Said(name, NONE if folder in words.none else UNLISTED, where=where)


def _folder(name: str) -> str:
    return name.partition("/")[0] if "/" in name else ""
