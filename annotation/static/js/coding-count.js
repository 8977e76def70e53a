// The form of a new round says how many items it makes, as its numbers change: [data-count].

const WAIT = 250; // milliseconds without a change before the server is asked

// A function that asks for the sentence of `fields` once they rest, and tells the newest answer to `told`.
export function counter({ ask, told, later = setTimeout, clear = clearTimeout }) {
  let timer = 0;
  let turn = 0;
  return (fields) => {
    clear(timer);
    const mine = (turn += 1);
    timer = later(async () => {
      const said = await ask(fields).catch(() => "");
      if (mine === turn) told(said);
    }, WAIT);
  };
}

async function ask(fields) {
  const response = await fetch(`?${new URLSearchParams(fields)}`, { headers: { Accept: "application/json" } });
  return (await response.json()).said;
}

function start(form) {
  const line = form.querySelector("[data-part=expected] strong");
  const none = "Fill in the numbers to see how many items it makes.";
  const count = counter({ ask, told: (said) => (line.textContent = said || none) });
  for (const element of form.querySelectorAll("[data-plain]")) element.hidden = true;
  form.addEventListener("input", () => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    count(fields);
  });
}

if (typeof document !== "undefined") {
  const form = document.querySelector("[data-count]");
  if (form) start(form);
}
