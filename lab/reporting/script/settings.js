// What the reader has chosen for all charts, and the theme; kept by browsers that allow it.
const chosen = { smoothing: 0, logarithmic: false };
const listeners = new Set();

function remembered(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`lab-report-${name}`);
    localStorage.setItem(`lab-report-${name}`, value);
  } catch { /* A page from disk may have no storage. */ }
  return null;
}

function changed() {
  for (const listener of listeners) listener();
}

const THEMES = ["auto", "light", "dark"];

function setTheme(button, theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  button.textContent = `Theme: ${theme}`;
  button.dataset.theme = theme;
}

function controls(place) {
  const theme = el("button", { type: "button", id: "theme" });
  theme.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(theme.dataset.theme) + 1) % THEMES.length];
    setTheme(theme, next);
    remembered("theme", next);
  });
  const kept = remembered("theme");
  setTheme(theme, THEMES.includes(kept) ? kept : "auto");
  const strength = el("output", {}, "0 %");
  const smoothing = el("input", { type: "range", id: "smoothing", min: 0, max: 99, value: 0 });
  smoothing.addEventListener("input", () => {
    chosen.smoothing = Number(smoothing.value) / 100;
    strength.textContent = `${smoothing.value} %`;
    changed();
  });
  const logarithmic = el("input", { type: "checkbox", id: "logarithmic" });
  logarithmic.addEventListener("change", () => {
    chosen.logarithmic = logarithmic.checked;
    changed();
  });
  place.append(theme);
  if (Object.keys(page.charts).length || page.live) {
    place.append(el("label", {}, "Smoothing", smoothing, strength), el("label", {}, logarithmic, "Logarithmic values"));
  }
}
