// What a view is: something with a title that renders itself whenever `update` was called.

import { html, nothing, type TemplateResult } from "lit-html";
import { sentenceOf } from "./api";
import { t } from "./i18n";

export interface View {
  /** Of the browser's tab, and what a screen reader says when the view opens. */
  title(): string;
  render(): TemplateResult;
  /** Something was typed that is lost when the view goes. */
  readonly unsaved?: boolean;
  /** The view goes: stop timers, streams, recorders. */
  leave?(): void;
}

/** Schedules a rendering of the whole page, at most once per frame. Set by main.ts. */
export let update: () => void = () => {};

export function setUpdate(schedule: () => void): void {
  update = schedule;
}

/** A refusal or a breakdown, in the sentence that the server gave. */
export function problem(error: unknown): TemplateResult | typeof nothing {
  return error ? html`<p class="notice bad" role="alert">${sentenceOf(error)}</p>` : nothing;
}

/** Shown while something is fetched. */
export function loading(): TemplateResult {
  return html`<p class="muted" role="status"><span class="spinner" aria-hidden="true"></span> ${t("loading")}</p>`;
}

/** Asks at once, where a view cannot wait: before the reader leaves it. Whatever can wait takes ask.ts. */
export function sure(question: string): boolean {
  return window.confirm(question);
}

let announcer: HTMLElement | null = null;

/** Has a screen reader say something, politely. */
export function announce(sentence: string): void {
  announcer ??= document.getElementById("announcer");
  if (announcer !== null) announcer.textContent = sentence;
}
