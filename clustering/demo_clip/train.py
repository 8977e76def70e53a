"""Train demo-clip: `python -m clustering.demo_clip.train [folder]`; the figures are in README.md.

Four terms make the loss. Captions and frames are matched as in CLIP (Radford et al. 2021). Each frame is
matched to its scene's title among all titles. Each frame is matched to a copy of its clip among the clips of
the same scene (instance discrimination, Wu et al. 2018). And the cosines are kept in bands: near 1 for copies,
within `siblings` for clips of one scene, below `STRANGERS` for clips of two. The first phase learns to tell
clips apart by all they show; the phases after it, on clips drawn anew, draw each scene together.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from clustering.demo_clip.material import Material, draw_batch, draw_material, normalised
from datasets.demo.scenes import SCENES

HERE = Path(__file__).parent
CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"

SEED = 20_260_000  # drawn with by nothing else
CLIPS_A_BATCH = 8  # of each scene
TITLE_SCALE, INSTANCE_SCALE = 12.0, 40.0  # inverse temperatures; CLIP's own is learnt
STRANGERS = 0.0


@dataclass(frozen=True)
class Phase:
    """`clips` of each scene, drawn by `SEED + number`; `shares` of the terms of the loss."""

    number: int
    clips: int
    steps: int
    rate: float
    warm_up: int
    siblings: tuple[float, float]
    shares: dict[str, float]


TOLD_APART = {"captions": 0.5, "titles": 1.0, "instances": 1.0, "bands": 1.0}
GATHERED = {"captions": 0.5, "titles": 1.0, "instances": 0.0, "bands": 2.0}
PHASES = (
    Phase(0, clips=900, steps=700, rate=2e-3, warm_up=40, siblings=(0.5, 0.8), shares=TOLD_APART),
    Phase(1, clips=500, steps=220, rate=1.2e-3, warm_up=10, siblings=(0.9, 1.0), shares=GATHERED),
    Phase(2, clips=800, steps=320, rate=1.2e-3, warm_up=10, siblings=(0.9, 1.0), shares=GATHERED),
)


def train(folder: Path = HERE) -> None:
    """Draw the clips, train, and write the weights as float16 beside the config in `folder`."""
    torch.manual_seed(SEED)
    config = json.loads((HERE / CONFIG).read_text(encoding="utf-8"))
    model = CLIP(**config["model_cfg"])
    started = time.monotonic()
    for phase in PHASES:
        material = draw_material(SEED + phase.number, phase.clips)
        print(f"{len(SCENES) * phase.clips} clips drawn, {time.monotonic() - started:.0f} s", flush=True)
        _fit(model, material, config, phase)
        if phase.number == 0:  # what no caption held gets no gradient later, either
            _forget_unseen_tokens(model, material)
    save(model, folder / WEIGHTS)
    print(f"done in {time.monotonic() - started:.0f} s", flush=True)


def _fit(model: CLIP, material: Material, config: dict[str, Any], phase: Phase) -> None:
    rng = np.random.default_rng(SEED)
    optimiser = torch.optim.AdamW(_groups(model), lr=phase.rate, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, phase))
    tokenizer = open_clip.SimpleTokenizer(context_length=model.context_length)
    titles = tokenizer([scene.title for scene in SCENES])
    mean, std = (np.array(config["preprocess_cfg"][name], np.float32) for name in ("mean", "std"))
    for step in range(phase.steps):
        batch = draw_batch(material, CLIPS_A_BATCH, rng)
        views = torch.from_numpy(normalised(np.concatenate([batch.one, batch.other]), mean, std))
        terms = losses(model, views, tokenizer(batch.captions), titles, phase.siblings)
        optimiser.zero_grad(set_to_none=True)
        torch.stack([phase.shares[name] * term for name, term in terms.items()]).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, np.log(50))
        if step % 25 == 0 or step == phase.steps - 1:
            print(step, " ".join(f"{name} {term.item():.3f}" for name, term in terms.items()), flush=True)


def _groups(model: CLIP) -> list[dict[str, Any]]:
    """Weight decay for matrices only; not for the token table, of which a batch touches a few rows."""
    decayed = [w for name, w in model.named_parameters() if w.ndim > 1 and "embedding" not in name]
    others = [w for name, w in model.named_parameters() if w.ndim <= 1 or "embedding" in name]
    return [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]


def _rate(step: int, phase: Phase) -> float:
    """A short warm-up, then half a cosine."""
    if step < phase.warm_up:
        return (step + 1) / phase.warm_up
    done = (step - phase.warm_up) / max(1, phase.steps - phase.warm_up)
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * done)))


def losses(
    model: CLIP, views: Tensor, captions: Tensor, titles: Tensor, siblings: tuple[float, float]
) -> dict[str, Tensor]:
    """The four terms, by name.

    views: (2 * N, 3, H, W), N frames and then another view of each, N = scenes * clips in the scenes' order.
    """
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = model.encode_image(views)
        told = model.encode_text(torch.cat([captions, titles]))
    one, other = functional.normalize(seen.float(), dim=-1).chunk(2)
    texts = functional.normalize(told.float(), dim=-1)
    words, names = texts[: len(captions)], texts[len(captions) :]
    scale = model.logit_scale.exp()
    return {
        "captions": (_matched(scale * one @ words.T) + _matched(scale * other @ words.T)) / 2,
        "titles": (_placed(one, names) + _placed(other, names)) / 2,
        "instances": _told_apart(one, other, len(titles)),
        "bands": _banded(one @ other.T, len(titles), siblings),
    }


def _matched(logits: Tensor) -> Tensor:
    """Row i belongs to column i, and column i to row i."""
    target = torch.arange(len(logits))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def _placed(seen: Tensor, names: Tensor) -> Tensor:
    """Every frame belongs to the title of its scene."""
    target = torch.arange(len(names)).repeat_interleave(len(seen) // len(names))
    return functional.cross_entropy(TITLE_SCALE * seen @ names.T, target)


def _told_apart(one: Tensor, other: Tensor, scenes: int) -> Tensor:
    """Every frame belongs to its copy among the clips of its own scene; other scenes are not compared."""
    first, second = (views.reshape(scenes, -1, views.shape[-1]) for views in (one, other))
    logits = INSTANCE_SCALE * first @ second.transpose(1, 2)
    target = torch.arange(logits.shape[1]).expand(scenes, -1)
    across = functional.cross_entropy(logits, target)
    return (across + functional.cross_entropy(logits.transpose(1, 2), target)) / 2


def _banded(cosines: Tensor, scenes: int, band: tuple[float, float]) -> Tensor:
    """How far the cosines (N, N) of two views stray from their bands: squares, but for copies, which are few."""
    scene = torch.arange(scenes).repeat_interleave(len(cosines) // scenes)
    same = scene[:, None] == scene[None, :]
    copies = torch.eye(len(cosines), dtype=torch.bool)
    siblings, strangers = cosines[same & ~copies], cosines[~same]
    strays = (siblings - band[1]).relu() + (band[0] - siblings).relu()
    away = (1 - cosines.diagonal()).mean()
    return 10 * strays.square().mean() + 20 * (strangers - STRANGERS).relu().square().mean() + 2 * away


def _forget_unseen_tokens(model: CLIP, material: Material) -> None:
    """Make zeros of the token rows that were never trained: an unknown word says nothing, not a random thing."""
    captions = {caption for told in material.captions for caption in told}
    words = {word for caption in captions for word in caption.replace(",", "").split()}
    texts = [*captions, *words, *(scene.title for scene in SCENES)]
    seen = open_clip.SimpleTokenizer(context_length=model.context_length)(texts).unique()
    unseen = torch.ones(model.vocab_size, dtype=torch.bool)
    unseen[seen] = False
    with torch.no_grad():
        model.token_embedding.weight[unseen] = 0


def save(model: CLIP, path: Path) -> None:
    """Write the weights in float16."""
    state = {name: weight.detach().half().contiguous() for name, weight in model.state_dict().items()}
    save_file(state, path)


if __name__ == "__main__":
    train(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
