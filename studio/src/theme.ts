// Light or dark as the system says, until the reader says otherwise.

export type Theme = "auto" | "light" | "dark";

const STORED = "voiceloom.theme";
const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

export function theme(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

export function applyTheme(wanted: Theme = theme()): void {
  if (wanted === "auto") {
    localStorage.removeItem(STORED);
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem(STORED, wanted);
    document.documentElement.dataset["theme"] = wanted;
  }
  // Canvases do not follow style sheets by themselves.
  window.dispatchEvent(new Event("themechange"));
}

/** What is drawn on canvases changes with the system, too. */
export function followSystem(): void {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => window.dispatchEvent(new Event("themechange")));
}

export function nextTheme(): void {
  applyTheme(NEXT[theme()]);
}

/** The value of a CSS variable now, for what is drawn on a canvas. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
