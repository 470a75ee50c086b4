// Texts by message key, in the language of the reader. The catalogue comes from the gateway, for its own sentences and
// for the page's (keys "studio.*") alike, so that no sentence exists twice.

import type { Args, Sentence } from "./types";

export type Language = "zh" | "en";

interface Catalogue {
  language: Language;
  messages: Record<string, string>;
  translated_args: Record<string, string>;
}

const STORED = "voiceloom.language";
let catalogue: Catalogue = { language: "zh", messages: {}, translated_args: {} };

/** The language chosen before, else Chinese. */
export function chosenLanguage(): Language {
  return localStorage.getItem(STORED) === "en" ? "en" : "zh";
}

export function language(): Language {
  return catalogue.language;
}

/** Load the texts of a language and remember the choice. Throws when the gateway does not answer. */
export async function useLanguage(wanted: Language): Promise<void> {
  const response = await fetch(`/api/v1/messages?lang=${wanted}`);
  if (!response.ok) throw new Error(`messages: ${response.status}`);
  catalogue = (await response.json()) as Catalogue;
  localStorage.setItem(STORED, wanted);
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
  // Elements draw themselves and do not hear of a new rendering of the page.
  window.dispatchEvent(new Event("textchange"));
}

function fill(template: string, args: Args): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => args[name] ?? "?");
}

function translated(args: Args): Args {
  const found = { ...args };
  for (const [name, table] of Object.entries(catalogue.translated_args)) {
    const value = args[name];
    if (value === undefined) continue;
    const words = value.split(",").map((word) => word.trim());
    found[name] = words.map((word) => catalogue.messages[`${table}.${word}`] ?? word).join(", ");
  }
  return found;
}

/** The sentence for a key of the catalogue; the key itself when nobody wrote one. */
export function text(key: string, args: Args = {}): string {
  const template = catalogue.messages[key];
  return template === undefined ? key : fill(template, translated(args));
}

/** A text of the page itself: `t("nav.tasks")` is the key "studio.nav.tasks". */
export function t(key: string, args: Record<string, string | number> = {}): string {
  const strings = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, String(value)]));
  return text(`studio.${key}`, strings);
}

/** A sentence of the server, in the reader's language; what has no key stays as it came. */
export function said(sentence: Sentence): string {
  const known = sentence.message_key !== null && sentence.message_key in catalogue.messages;
  return known ? text(sentence.message_key as string, sentence.message_args) : (sentence.message ?? "");
}

/** A word with a translation of its own: `word("stage_name", "asr")`. */
export function word(table: string, value: string): string {
  return catalogue.messages[`${table}.${value}`] ?? value;
}

function locale(): string {
  return catalogue.language === "zh" ? "zh-CN" : "en";
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(share: number, digits = 0): string {
  return share.toLocaleString(locale(), {
    style: "percent",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** "3 min 20 s"; whole seconds. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return t("time.hours", { h, m });
  return m > 0 ? t("time.minutes", { m, s }) : t("time.seconds", { s });
}

/** "0:07", for positions in a recording. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function bytes(size: number): string {
  return size < 1e6 ? `${number(size / 1e3)} kB` : `${number(size / 1e6, 1)} MB`;
}

/** A moment as people write it here; RFC 3339 in. */
export function moment(time: string): string {
  return new Date(time).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}
