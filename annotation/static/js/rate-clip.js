// One clip on the rating page: a video, or an image that moves. It comes veiled, silent and still.

export function clock(seconds) {
  const whole = Number.isFinite(seconds) ? Math.floor(seconds) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function video(doc, clip) {
  const element = doc.createElement("video");
  Object.assign(element, { muted: true, loop: true, playsInline: true, preload: "auto", src: clip.media });
  element.disablePictureInPicture = true;
  element.tabIndex = -1;
  return element;
}

function image(doc, clip) {
  const element = doc.createElement("img");
  element.alt = "";
  element.dataset.src = clip.media; // loaded when it is revealed, for it plays by itself
  return element;
}

// `onTime(text)` hears of the clip's time, `onFail()` when the browser cannot play it.
export function makeClip(doc, clip, { onTime, onFail }) {
  const element = doc.createElement("div");
  const moving = clip.media_type.startsWith("image/") ? image(doc, clip) : video(doc, clip);
  element.className = "clip";
  element.dataset.veil = "on";
  element.hidden = true;
  element.append(moving);
  const tell = () => onTime(`${clock(moving.currentTime)} / ${clock(moving.duration)}`);
  for (const name of ["timeupdate", "loadedmetadata"]) moving.addEventListener(name, tell);
  moving.addEventListener("error", () => {
    if (moving.getAttribute("src")) {
      element.dataset.failed = "true";
      onFail();
    }
  });
  return { element, moving, tell };
}

export async function playOrPause({ moving }) {
  if (!("paused" in moving)) return;
  try {
    if (moving.paused) await moving.play();
    else moving.pause();
  } catch {
    // Not playable, or paused while it was starting: the page says the former, the latter needs nothing.
  }
}

// Let go of the bytes as well as of the element.
export function dropClip({ element, moving }) {
  moving.pause?.();
  moving.removeAttribute("src");
  moving.load?.();
  element.remove();
}
