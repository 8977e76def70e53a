"""What the map of many videos takes: `python -m bench.map --count 100000`, with Chromium and without a graphics card.

The videos are rows without files: places on the map are drawn from clusters of heavy-tailed sizes, as
`bench.clustering` has them. Gunicorn serves them as `make serve` does; the browser draws with software GL.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np
from django.core.management import call_command
from django.test import Client
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from bench.results import Outcome, Row, Target
from bench.site import installation

PORT = 8137
CLUSTERS = 80
NOISE = 0.15
ASKED = 7  # times that the points are asked for
LOADS = 3
ROUND = 2_000  # rows written together
SHAPE: dict[str, Any] = {
    "size": 1, "container": "mp4", "codec": "h264", "width": 512, "height": 512,
    "duration": 2.0, "frame_count": 16, "frame_rate": 8.0, "has_audio": False,
}  # fmt: skip

# Three seconds of a hand that goes to and fro, as fast as the browser draws; milliseconds between frames.
DRAG = """() => new Promise((done) => {
  const view = document.querySelector("[data-part=view]");
  const { left, top } = view.getBoundingClientRect();
  const hand = { pointerId: 1, button: 0 };
  const send = (name, x, y) => view.dispatchEvent(new PointerEvent(name, { ...hand, clientX: x, clientY: y }));
  view.setPointerCapture = () => {};
  send("pointerdown", left + 400, top + 300);
  const [gaps, start] = [[], performance.now()];
  let before = start;
  const frame = (now) => {
    gaps.push(now - before);
    before = now;
    const turn = (now - start) / 1000;
    send("pointermove", left + 400 + 250 * Math.sin(3 * turn), top + 300 + 150 * Math.sin(4 * turn));
    if (now - start < 3000) return requestAnimationFrame(frame);
    send("pointerup", left + 400, top + 300);
    done(gaps.slice(1));
  };
  requestAnimationFrame(frame);
})"""
DRAWN = """() => {
  const canvas = document.querySelector("[data-part=canvas]");
  const pixels = new Uint8Array(4 * canvas.width * canvas.height);
  const gl = canvas.getContext("webgl");
  gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  return [performance.now(), pixels.some(Boolean)];
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=4)
    chosen = parser.parse_args()
    os.environ["ALLOWED_HOSTS"] = "127.0.0.1"
    with installation():
        call_command("collectstatic", interactive=False, verbosity=0)
        client = fill(chosen.count, np.random.default_rng(chosen.seed))
        cookie = client.cookies["sessionid"].value
        cpu_ms = [processor_ms(client) for _ in range(ASKED)]
        with served():
            server_ms, sent, plain = ask(cookie)
            loads, gaps = browse(cookie)
    row: Row = {
        "points": chosen.count,
        "server ms": median(server_ms),
        "server CPU ms": median(cpu_ms),
        "compressed MB": sent / 1e6,
        "uncompressed MB": plain / 1e6,
        "load s": median(loads) / 1000,
        "frames/s": 1000 / float(np.mean(gaps)),
        "slowest frame ms": max(gaps),
    }
    targets = [
        Target("ms from the server", row["server ms"], 500, at_most=True),
        Target("MB compressed", row["compressed MB"], 2, at_most=True),
        Target("s until the points are drawn", row["load s"], 3, at_most=True),
        Target("frames a second while the map is dragged", row["frames/s"], 15),
    ]
    about = "The page of the map in headless Chromium with software GL, 1440 by 900 pixels, served by Gunicorn."
    notes = [
        f"Server and load are medians of {ASKED} and {LOADS} times. While a hand moves the map its picture is "
        "shifted, and drawn anew only where its edge comes into sight."
    ]
    Outcome("map", about, {"count": chosen.count, "seed": chosen.seed}, [row], targets, notes).finish()


# --- an installation with so many videos on its map ---


def fill(count: int, rng: np.random.Generator) -> Client:
    """Write rows straight into the database; a researcher's browser."""
    from config.models import Role, User
    from datasets.models import Video

    names = sorted(hashlib.sha256(b"%d" % number).hexdigest() for number in range(count))
    places, labels = drawn(count, rng)
    for start in range(0, count, ROUND):
        Video.objects.bulk_create(Video(sha256=name, **SHAPE) for name in names[start : start + ROUND])
    store(names, places, labels)
    client = Client()
    client.force_login(User.objects.create_user("bench", "-", role=Role.RESEARCHER))
    return client


def drawn(count: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Places (N, 2) and clusters (N), -1 for noise; the sizes follow Zipf's law."""
    weights = 1 / np.arange(1, CLUSTERS + 1)
    labels = rng.choice(CLUSTERS, count, p=weights / weights.sum())
    middles = rng.uniform(-0.8, 0.8, (CLUSTERS, 2))
    places = middles[labels] + 0.06 * rng.standard_normal((count, 2))
    noise = rng.random(count) < NOISE
    places[noise] = rng.uniform(-1, 1, (int(noise.sum()), 2))
    return np.clip(places, -1, 1).astype("<f4"), np.where(noise, -1, labels)


def store(names: list[str], places: NDArray[Any], labels: NDArray[Any]) -> None:
    from clustering.models import Cluster, Membership, Projection
    from datasets.services.runs import stage_run

    with stage_run("cluster", {"encoder_key": "bench"}, seed=0) as run:
        medoids = {int(number): names[int(np.argmax(labels == number))] for number in np.unique(labels[labels >= 0])}
        clusters = {
            number: Cluster.objects.create(run=run, number=number, medoid_id=medoid)
            for number, medoid in medoids.items()
        }
    for start in range(0, len(names), ROUND):
        rows = zip(names[start : start + ROUND], labels[start : start + ROUND].tolist(), strict=True)
        Membership.objects.bulk_create(
            Membership(run=run, video_id=name, cluster=clusters.get(label), strength=1.0) for name, label in rows
        )
    Projection.objects.create(run=run, videos=bytes.fromhex("".join(names)), points=places.tobytes())


# --- asking for it ---


@contextmanager
def served() -> Iterator[None]:
    """As `make serve` does it, for as long as this lasts."""
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{PORT}", "--threads", "4"]
    process = subprocess.Popen([*gunicorn, "--workers", "2"], stderr=subprocess.DEVNULL)
    try:
        _wait()
        yield
    finally:
        process.terminate()
        process.wait()


def _wait() -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/login/", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("Gunicorn did not start.")


def processor_ms(client: Client) -> float:
    """Processor time of one answer, without a server around it."""
    clock = time.thread_time()
    response = client.get("/map/points/", headers={"accept-encoding": "gzip", "host": "127.0.0.1"})
    if response.status_code != 200:
        raise SystemExit(f"The points were answered with {response.status_code}.")
    return 1000 * (time.thread_time() - clock)


def ask(cookie: str) -> tuple[list[float], int, int]:
    """Milliseconds of each answer, its size as it was sent, and unpacked."""
    headers = {"Cookie": f"sessionid={cookie}", "Accept-Encoding": "gzip"}
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/map/points/", headers=headers)
    took, body = [], b""
    for _ in range(ASKED):
        clock = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as response:
            body = response.read()
        took.append(1000 * (time.perf_counter() - clock))
    return took, len(body), len(gzip.decompress(body))


def browse(cookie: str) -> tuple[list[float], list[float]]:
    """Milliseconds of each load until the points are on the canvas, and between the frames of a drag."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        loads = []
        for _ in range(LOADS):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": f"http://127.0.0.1:{PORT}"}])
            page = context.new_page()
            loads.append(_loaded(page))
        gaps = page.evaluate(DRAG)
        browser.close()
    return loads, gaps


def _loaded(page: Page) -> float:
    page.goto(f"http://127.0.0.1:{PORT}/map/")
    page.wait_for_selector("[data-ready]", state="attached", timeout=60_000)
    took, drawn = page.evaluate(DRAWN)
    if not drawn:
        raise SystemExit("Nothing was drawn.")
    return float(took)


if __name__ == "__main__":
    main()
