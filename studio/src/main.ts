// The page: a header, and one view at a time, chosen by the address.

import { html, nothing, render, type TemplateResult } from "lit-html";
import { pack } from "./api";
import { chosenLanguage, language, t, useLanguage, word, type Language } from "./i18n";
import { parse, type Route } from "./router";
import { applyTheme, followSystem, nextTheme, theme } from "./theme";
import type { Pack } from "./types";
import { announce, setUpdate, sure, update, type View } from "./view";
import { MissingView } from "./views/missing";
import { TaskView } from "./views/task";
import { TasksView } from "./views/tasks";
import { TrainView } from "./views/train";

let view: View | undefined;
let route: Route;
let inUse: Pack | null = null;
/** The address that is shown. */
let address = "";

function open(wanted: Route): View {
  switch (wanted.name) {
    case "train":
      return new TrainView();
    case "tasks":
      return new TasksView(wanted.search);
    case "task":
      return new TaskView(wanted.id, wanted.tab);
    case "missing":
      return new MissingView();
  }
}

function onAddress(): void {
  const wanted = parse(location.hash);
  const stays = wanted.name === "task" && view instanceof TaskView && view.id === wanted.id;
  if (view?.unsaved && !stays && !sure(t("unsaved_sure"))) {
    history.pushState(null, "", address);
    return;
  }
  address = location.hash || "#/";
  route = wanted;
  // Tabs of one task share its stream of events.
  if (route.name === "task" && view instanceof TaskView && view.id === route.id) view.show(route.tab);
  else {
    const before = view;
    before?.leave?.();
    view = open(route);
    window.scrollTo(0, 0);
    // What had the focus is gone; after the view is drawn, reading goes on at its beginning.
    if (before !== undefined) {
      update();
      requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
    }
  }
  announce(view.title());
  update();
}

async function switchLanguage(): Promise<void> {
  const wanted: Language = language() === "zh" ? "en" : "zh";
  await useLanguage(wanted);
  // What was said last is in the other language.
  announce(view?.title() ?? "");
  update();
}

function header(): TemplateResult {
  const here = (name: Route["name"][]) => (name.includes(route.name) ? "page" : nothing);
  const languages = inUse?.languages.map((one) => word("language", one)).join(", ");
  return html`
    <header class="bar">
      <a class="brand" href="#/"><span class="logo" aria-hidden="true"></span>Voiceloom</a>
      <nav aria-label=${t("nav.label")}>
        <a href="#/" aria-current=${here(["train"])}>${t("nav.train")}</a>
        <a href="#/tasks" aria-current=${here(["tasks", "task"])}>${t("nav.tasks")}</a>
      </nav>
      ${languages ? html`<span class="pack muted">${t("nav.speaks", { languages })}</span>` : nothing}
      <div class="tools">
        <button class="plain" lang=${language() === "zh" ? "en" : "zh-CN"} @click=${switchLanguage} data-test="language">
          ${language() === "zh" ? "English" : "中文"}
        </button>
        <button
          class="plain"
          data-test="theme"
          @click=${() => {
            nextTheme();
            update();
          }}
        >
          ${t(`theme.${theme()}`)}
        </button>
      </div>
    </header>
  `;
}

function page(): TemplateResult {
  return html`
    <a class="skip" href="#main" @click=${skip}>${t("nav.skip")}</a>
    ${header()}
    <main id="main" tabindex="-1">${view?.render()}</main>
    <footer class="muted">${t("footer.voices")} <a href="/docs">${t("footer.api")}</a></footer>
  `;
}

/** The link that jumps over the header; its own "#main" would be taken for an address. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

async function start(): Promise<void> {
  applyTheme();
  followSystem();
  const root = document.getElementById("app") as HTMLElement;
  let scheduled = false;
  setUpdate(() => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      document.title = `${view?.title()} · Voiceloom`;
      render(page(), root);
    });
  });
  try {
    await useLanguage(chosenLanguage());
  } catch {
    // Without the catalogue there are no words: this is the only sentence that the page brings along.
    root.textContent = "服务暂时无法访问，正在重试…… / The server does not answer; trying again…";
    setTimeout(() => location.reload(), 3000);
    return;
  }
  root.replaceChildren();
  window.addEventListener("hashchange", onAddress);
  // A file that misses would take the page's place.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => view?.unsaved && event.preventDefault());
  onAddress();
  inUse = await pack().catch(() => null);
  update();
}

void start();
