// "Say something else": a sentence for the trained voice, and what it said.

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { repeat } from "lit-html/directives/repeat.js";
import * as api from "../api";
import { bytes, t, word } from "../i18n";
import type { Speech } from "../types";
import { announce, problem, update } from "../view";
import "../elements/player";
import { anyProblem, numberField, numbersOf, type NumberField, type Typed } from "./fields";
import type { Pictures } from "./pictures";

const MOST_TEXT = 5000;
/** Older speech goes, so that the page does not grow for ever. */
const MOST_SPOKEN = 12;

type Setting = "speed" | "temperature" | "top_k" | "top_p" | "repetition_penalty" | "seed";
const SETTINGS: readonly NumberField<Setting>[] = [
  { name: "speed", min: 0.25, max: 4, step: "any" },
  { name: "temperature", min: 0.01, max: 2, step: "any" },
  { name: "top_k", min: 1, max: 1000, step: 1 },
  { name: "top_p", min: 0.01, max: 1, step: "any" },
  { name: "repetition_penalty", min: 1, max: 5, step: "any" },
  { name: "seed", min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
];

interface Spoken {
  id: string;
  text: string;
  sound: Blob;
  url: string;
}

export class SpeakPanel {
  private text = "";
  private language = "";
  private languages: string[] = [];
  private readonly typed: Typed<Setting> = {};
  private spoken: Spoken[] = [];
  private refused: unknown = null;
  private speaking: AbortController | null = null;

  constructor(
    private readonly id: string,
    private readonly pictures: Pictures,
  ) {
    api.pack().then(
      (pack) => {
        this.languages = pack.languages;
        update();
      },
      () => {}, // the choice of a language is simply not offered
    );
  }

  stop(): void {
    this.speaking?.abort();
    for (const one of this.spoken) URL.revokeObjectURL(one.url);
  }

  private async speak(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "" || this.speaking) return;
    const speaking = new AbortController();
    this.speaking = speaking;
    this.refused = null;
    update();
    const speech: Speech = {
      text,
      ...(this.language ? { language: this.language } : {}),
      ...numbersOf(this.typed),
    };
    try {
      const sound = await api.speak(this.id, speech, speaking.signal);
      this.spoken.unshift({ id: crypto.randomUUID(), text, sound, url: URL.createObjectURL(sound) });
      for (const old of this.spoken.splice(MOST_SPOKEN)) URL.revokeObjectURL(old.url);
      announce(t("speak.done"));
    } catch (error) {
      if (!speaking.signal.aborted) {
        this.refused = error;
        announce(api.sentenceOf(error));
      }
    }
    this.speaking = null;
    update();
  }

  render(): TemplateResult {
    return html`
      <section class="card speak" data-test="speak">
        <h2>${t("speak.title")}</h2>
        <form class="stack" novalidate @submit=${(event: Event) => this.speak(event)}>
          <div class="field">
            <label for="speak-text" class="hidden">${t("speak.text")}</label>
            <textarea
              id="speak-text"
              rows="3"
              maxlength=${MOST_TEXT}
              placeholder=${t("speak.text")}
              data-test="speak-text"
              .value=${live(this.text)}
              @input=${(event: Event) => {
                this.text = (event.target as HTMLTextAreaElement).value;
                update();
              }}
              @keydown=${(event: KeyboardEvent) =>
                (event.ctrlKey || event.metaKey) && event.key === "Enter" && this.speak(event)}
            ></textarea>
          </div>
          ${this.advanced()} ${problem(this.refused)}
          <div class="row">
            <button
              type="submit"
              class="primary"
              data-test="speak-start"
              aria-busy=${this.speaking !== null}
              ?disabled=${this.speaking !== null || this.text.trim() === ""}
            >
              ${this.speaking
                ? html`<span class="spinner" aria-hidden="true"></span> ${t("speak.speaking")}`
                : t("speak.start")}
            </button>
            ${this.speaking
              ? html`<button type="button" data-test="speak-cancel" @click=${() => this.speaking?.abort()}>
                  ${t("speak.cancel")}
                </button>`
              : nothing}
          </div>
        </form>
        <ul class="spoken">
          ${repeat(
            this.spoken,
            (one) => one.id,
            (one) => this.heard(one),
          )}
        </ul>
      </section>
    `;
  }

  private heard(one: Spoken): TemplateResult {
    return html`
      <li data-test="spoken">
        <q>${one.text}</q>
        <vl-player .src=${one.url} .label=${one.text} .test=${"play-spoken"}></vl-player>
        <div class="row">
          <a class="button" href=${one.url} download="speech.wav" data-test="download-spoken"
            >${t("result.download_audio", { size: bytes(one.sound.size) })}</a
          >
        </div>
        ${this.pictures.picture(one.id, one.sound, one.text)}
      </li>
    `;
  }

  private advanced(): TemplateResult {
    return html`
      <details data-test="speak-advanced" ?open=${anyProblem(this.refused, SETTINGS)}>
        <summary>${t("speak.advanced")}</summary>
        <p class="muted small">${t("speak.advanced_hint")}</p>
        <div class="numbers">
          ${this.languages.length > 1
            ? html`<div class="field">
                <label for="speak-language" class="small">${t("speak.language")}</label>
                <select
                  id="speak-language"
                  @change=${(event: Event) => {
                    this.language = (event.target as HTMLSelectElement).value;
                  }}
                >
                  <option value="">${t("speak.language_own")}</option>
                  ${this.languages.map((one) => html`<option value=${one} ?selected=${one === this.language}>${word("language", one)}</option>`)}
                </select>
              </div>`
            : nothing}
          ${SETTINGS.map((field) =>
            numberField(field, t(`speak.setting.${field.name}`), this.typed, this.refused, field.name, update),
          )}
        </div>
      </details>
    `;
  }
}
