// The light and dark switch: a button with data-theme-switch. The choice is kept in a cookie, so that the server
// writes it into the page and nothing flashes.

const ORDER = ["auto", "light", "dark"];
const NAMES = { auto: "Theme: device", light: "Theme: light", dark: "Theme: dark" };

export function nextTheme(theme) {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
}

export function themeCookie(theme) {
  const age = theme === "auto" ? 0 : 365 * 24 * 3600;
  return `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
}

export function themeName(theme) {
  return NAMES[theme] ?? NAMES.auto;
}

function current(root) {
  return root.dataset.theme ?? "auto";
}

function wear(root, theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

function start(doc) {
  for (const button of doc.querySelectorAll("[data-theme-switch]")) {
    button.textContent = themeName(current(doc.documentElement));
    button.hidden = false;
    button.addEventListener("click", () => {
      const theme = nextTheme(current(doc.documentElement));
      wear(doc.documentElement, theme);
      doc.cookie = themeCookie(theme);
      button.textContent = themeName(theme);
    });
  }
}

if (typeof document !== "undefined") start(document);
