"""The gate on prompts: what a prompt asks for, judged by words alone, before anybody sees what came of it.

New material has no hash, so a clip whose prompt names an age beside something sexual is hidden unseen and people
decide. **The gate is no proof**: it holds back harmless clips, and a prompt in other words, another script or
another language passes it. It is one net among several, as the lists of hashes are.

A term file (TOML) that the team edits holds groups of terms and rules that name groups; a rule fires when one
prompt holds a term of each of its groups. What is reported is the rule's name, never the words.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from config.errors import UserError

DEFAULT_TERMS = Path(__file__).with_name("gate_terms.toml")
RULE_NAME = re.compile(r"[a-z0-9][a-z0-9 _-]{0,39}")

# Digits that stand in for letters, each for one alone. Marks are taken as breaks between letters instead.
LOOKALIKES = {"o": "o0", "i": "i1", "e": "e3", "a": "a4", "s": "s5", "t": "t7"}
BREAK = r"[\W_]"
START, END = r"(?<![^\W_])", r"(?![^\W_])"
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """Fires when each of its patterns is found in one prompt."""

    name: str
    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Gate:
    """The rules of a term file, and the SHA-256 of that file to say which version judged."""

    rules: tuple[Rule, ...]
    digest: str

    def fired(self, prompt: str) -> str | None:
        """The name of the first rule that fires on `prompt`, or None. Never a part of the prompt."""
        plain = folded(prompt)
        return next((rule.name for rule in self.rules if all(p.search(plain) for p in rule.patterns)), None)


def read_terms(path: Path = DEFAULT_TERMS) -> Gate:
    """Raises `UserError` when the file cannot be read or does not make sense: a gate that is not there is no gate."""
    try:
        data = path.read_bytes()
        told = tomllib.loads(data.decode())
    except (OSError, ValueError) as error:
        raise UserError(f"The term file {path} cannot be read: {error}.") from error
    try:
        groups = {name: _group(path, name, group) for name, group in told.get("groups", {}).items()}
        rules = tuple(_rule(path, rule, groups) for rule in told.get("rules", []))
    except (AttributeError, TypeError, ValueError) as error:  # a table where a list belongs, or the other way round
        raise UserError(
            f"The term file {path} is not laid out as tables [groups.NAME] with terms and [[rules]] with groups."
        ) from error
    if not rules:
        raise UserError(f"The term file {path} has no [[rules]]; a gate without a rule lets everything pass.")
    return Gate(rules, hashlib.sha256(data).hexdigest())


def folded(text: str) -> str:
    """`text` as it is compared: compatible forms made one, case folded, accents and invisible characters dropped."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in apart if unicodedata.category(c) not in {"Mn", "Cf"})


def _rule(path: Path, rule: Any, groups: dict[str, re.Pattern[str]]) -> Rule:
    name, wanted = str(rule.get("name", "")), rule.get("groups", [])
    if not RULE_NAME.fullmatch(name):
        raise UserError(f"{path}: a rule needs a name of at most 40 small letters, digits, spaces and dashes.")
    unknown = [group for group in wanted if group not in groups]
    if unknown or not wanted:
        raise UserError(f"{path}: rule {name!r} needs groups that the file has (unknown: {', '.join(unknown)}).")
    return Rule(name, tuple(groups[group] for group in wanted))


def _group(path: Path, name: str, group: Any) -> re.Pattern[str]:
    terms = group.get("terms", [])
    bad = [term for term in terms if not isinstance(term, str) or not _words(term)]
    if bad or not (terms or "ages_below" in group):
        raise UserError(f"{path}: group {name!r} needs terms made of letters.")
    alternatives = [_term(term) for term in terms]
    if limit := group.get("ages_below"):
        alternatives.append(_ages(int(limit)))
    return re.compile("|".join(alternatives))


def _words(term: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(term))


def _term(term: str) -> str:
    """A pattern for a term as whole words: as written, or with the same breaks between all of its letters.

    Letters may be repeated or be digits that look like them. Each part consumes what the next cannot, so no text
    makes the search slow.
    """
    words = _words(term)
    whole = f"{BREAK}+".join(map(_word, words))
    spaced = f"{BREAK}+".join(_letters(letter, 1) for letter in "".join(words))
    return f"{START}(?:{whole}|{spaced}){END}"


def _word(word: str) -> str:
    return "".join(_letters(letter, len(list(run))) for letter, run in groupby(word))


def _letters(letter: str, at_least: int) -> str:
    return f"[{re.escape(LOOKALIKES.get(letter, letter))}]{{{at_least},}}"


def _ages(limit: int) -> str:
    """Ages below `limit` in digits or, up to twenty, in words: "9 years old", "9yo", "aged nine"."""
    numbers = "|".join([*(f"0*{n}" for n in range(limit)), *NUMBERS[:limit]])
    number = f"(?:{numbers}){END}"
    glued = rf"(?:{numbers}){BREAK}*"
    return (
        rf"{START}{glued}(?:years?|yrs?){BREAK}*olds?{END}|{START}{glued}y{BREAK}*o{END}"
        rf"|{START}age[ds]?{BREAK}+(?:of{BREAK}+)?{number}"
    )
