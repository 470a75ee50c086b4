// Drop a recording, get a voice.

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { repeat } from "lit-html/directives/repeat.js";
import * as api from "../api";
import { duration, t, word } from "../i18n";
import { go, taskHref } from "../router";
import { QUALITIES, type NewTask, type Pack, type Quality } from "../types";
import { announce, problem, update, type View } from "../view";
import { EstimatePanel } from "./estimates";
import { expertFields, expertOf, type TypedExpert } from "./expert";
import { freeName, nameFrom, nameIsValid } from "./naming";
import { Recorder } from "./recorder";
import { RecordingCard } from "./recording";

const FORMATS = "audio/*,video/mp4,.m4a,.opus,.flac,.webm";
/** Least usable speech that a voice can be trained on, as the service has it. */
const LEAST_SECONDS = 10;
const KEPT = "voiceloom.train";

interface Kept {
  files: string[];
  name: string;
  quality: Quality;
  language: string;
  say: string;
  transcript: string;
  expert: TypedExpert;
}

export class TrainView implements View {
  private cards: RecordingCard[] = [];
  private readonly recorder = new Recorder((file) => this.add([file]));
  private pack: Pack | null = null;
  private name = "";
  private quality: Quality = "standard";
  private language = "auto";
  private say = "";
  private transcript = "";
  private expert: TypedExpert = {};
  private readonly estimates = new EstimatePanel();
  private dragging = false;
  private starting = false;
  private error: unknown = null;
  /** Another name, when the one that was wanted is taken. */
  private proposed = "";
  /** The same click tried again must not make a second task: one key for as long as nothing is changed. */
  private key = { of: "", value: "" };
  private readonly onDrag = (event: DragEvent) => this.drag(event);

  constructor() {
    for (const name of ["dragenter", "dragover", "dragleave", "drop"] as const) {
      window.addEventListener(name, this.onDrag);
    }
    this.restore();
    api.pack().then(
      (pack) => {
        this.pack = pack;
        update();
      },
      () => {}, // the choice of a language is simply not offered; starting tells when nobody answers
    );
  }

  title(): string {
    return t("train.title");
  }

  leave(): void {
    for (const name of ["dragenter", "dragover", "dragleave", "drop"] as const) {
      window.removeEventListener(name, this.onDrag);
    }
    this.recorder.close();
    this.estimates.stop();
    for (const card of this.cards) card.close();
  }

  private restore(): void {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Kept | null;
    if (kept === null) return;
    this.name = kept.name;
    this.quality = kept.quality;
    this.language = kept.language;
    this.say = kept.say;
    this.transcript = kept.transcript;
    this.expert = kept.expert ?? {};
    this.cards = kept.files.map((id) => RecordingCard.known(id, (card) => this.remove(card)));
  }

  private keep(): void {
    const files = this.cards.flatMap((card) => (card.file ? [card.file.file_id] : []));
    const { name, quality, language, say, transcript, expert } = this;
    const kept: Kept = { files, name, quality, language, say, transcript, expert };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  private drag(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    // Going from one element to the next leaves and enters, too; only outside the window there is no next one.
    this.dragging = event.type === "dragleave" ? event.relatedTarget !== null : event.type !== "drop";
    if (event.type === "drop") this.add([...event.dataTransfer.files]);
    update();
  }

  private add(files: File[]): void {
    for (const file of files) {
      this.cards.push(
        new RecordingCard(
          file,
          (card) => this.remove(card),
          () => this.keep(),
        ),
      );
      if (this.name === "") this.name = nameFrom(file.name);
    }
    this.keep();
    update();
  }

  private remove(card: RecordingCard): void {
    card.close();
    this.cards = this.cards.filter((other) => other !== card);
    this.keep();
    update();
  }

  private get usable(): number {
    return this.cards.reduce((sum, card) => sum + (card.report?.usable_seconds ?? 0), 0);
  }

  /** Why the task cannot start yet, as a key; "" when it can. */
  private get obstacle(): string {
    if (this.cards.length === 0) return "train.no_recording";
    if (this.cards.some((card) => card.error)) return "train.bad_recording";
    if (this.cards.some((card) => card.report === null)) return "train.not_ready";
    // What is too short alone may be enough together; nothing else can be made up for.
    if (this.cards.some((card) => card.report?.problem && card.report.problem.code !== "AUDIO_TOO_SHORT")) {
      return "train.bad_recording";
    }
    if (this.usable < LEAST_SECONDS) return "train.too_short";
    return nameIsValid(this.name) ? "" : "train.name_rule";
  }

  private async start(event: Event): Promise<void> {
    event.preventDefault();
    if (this.starting || this.obstacle) return;
    const expert = expertOf(this.expert);
    const asked: NewTask = {
      exp_name: this.name.normalize("NFC"),
      audio_file_ids: this.cards.flatMap((card) => (card.file ? [card.file.file_id] : [])),
      options: {
        quality: this.quality,
        language: this.language,
        ...(this.transcript.trim() ? { transcript: this.transcript } : {}),
        ...(this.say.trim() ? { inference: { target_text: this.say } } : {}),
        ...(expert ? { expert } : {}),
      },
    };
    const of = JSON.stringify(asked);
    if (this.key.of !== of) this.key = { of, value: crypto.randomUUID() };
    this.starting = true;
    this.error = null;
    this.proposed = "";
    update();
    try {
      const task = await api.createTask(asked, this.key.value);
      sessionStorage.removeItem(KEPT);
      go(taskHref(task.id));
    } catch (error) {
      this.error = error;
      announce(api.sentenceOf(error));
      if (error instanceof api.ApiError && error.code === "NAME_TAKEN") {
        this.proposed = await freeName(asked.exp_name).catch(() => "");
      }
    }
    this.starting = false;
    update();
  }

  private takeProposed(): void {
    this.name = this.proposed;
    this.proposed = "";
    this.error = null;
    this.keep();
    update();
    document.getElementById("name")?.focus();
  }

  render(): TemplateResult {
    return html`
      <div class="train">
        <h1>${t("train.title")}</h1>
        <p class="muted">${t("train.lead")}</p>
        ${this.dropZone()}
        ${repeat(
          this.cards,
          (card) => card,
          (card) => card.render(),
        )}
        ${this.cards.length > 1
          ? html`<p class="notice">${t("train.together", { time: duration(this.usable) })}</p>`
          : nothing}
        ${this.form()}
        ${this.dragging
          ? html`<div class="overlay" data-test="overlay" aria-hidden="true"><p class="lead">${t("train.drop_here")}</p></div>`
          : nothing}
      </div>
    `;
  }

  private dropZone(): TemplateResult {
    return html`
      <section class="card drop" data-test="drop" aria-label=${t("train.drop_label")}>
        <p class="lead">${t("train.drop")}</p>
        <div class="row">
          <label class="button primary">
            ${t("train.choose")}
            <input
              type="file"
              class="hidden"
              multiple
              accept=${FORMATS}
              data-test="file"
              @change=${(event: Event) => {
                const input = event.target as HTMLInputElement;
                this.add([...(input.files ?? [])]);
                input.value = "";
              }}
            />
          </label>
          ${this.recorder.button()}
        </div>
        ${this.recorder.panel()}
        <p class="muted small">${t("train.formats")}</p>
      </section>
    `;
  }

  private typed(field: "name" | "say" | "transcript"): (event: Event) => void {
    return (event) => {
      this[field] = (event.target as HTMLInputElement | HTMLTextAreaElement).value;
      this.keep();
      update();
    };
  }

  private form(): TemplateResult {
    const obstacle = this.obstacle;
    const badName = this.name !== "" && !nameIsValid(this.name);
    const languages = this.pack?.languages ?? [];
    return html`
      <form class="card stack" novalidate @submit=${(event: Event) => this.start(event)}>
        <div class="field">
          <label for="name">${t("train.name")}</label>
          <input
            id="name"
            type="text"
            autocomplete="off"
            data-test="name"
            aria-invalid=${badName}
            aria-describedby="name-rule"
            .value=${live(this.name)}
            @input=${this.typed("name")}
          />
          <span id="name-rule" class="small ${badName ? "bad-text" : "muted"}">${t("train.name_rule")}</span>
        </div>
        <fieldset class="qualities">
          <legend>${t("train.quality")}</legend>
          ${QUALITIES.map(
            (quality) => html`
              <label class="quality">
                <input
                  type="radio"
                  name="quality"
                  value=${quality}
                  data-test="quality-${quality}"
                  .checked=${live(this.quality === quality)}
                  @change=${() => {
                    this.quality = quality;
                    this.keep();
                    update();
                  }}
                />
                <strong>${t(`quality.${quality}`)}</strong>
                <span class="muted small">${t(`quality_hint.${quality}`)}</span>
                ${this.estimates.of(quality, this.usable)}
              </label>
            `,
          )}
        </fieldset>
        ${this.estimates.words(this.quality)}
        <div class="field">
          <label for="language">${t("train.language")}</label>
          <select
            id="language"
            @change=${(event: Event) => {
              this.language = (event.target as HTMLSelectElement).value;
              this.keep();
              update();
            }}
          >
            ${["auto", ...languages].map(
              (one) => html`<option value=${one} ?selected=${one === this.language}>${word("language", one)}</option>`,
            )}
          </select>
        </div>
        <div class="field">
          <label for="say">${t("train.say")}</label>
          <textarea id="say" rows="2" data-test="say" .value=${live(this.say)} @input=${this.typed("say")}></textarea>
        </div>
        <details>
          <summary>${t("train.transcript")}</summary>
          <div class="field">
            <label for="transcript" class="small muted">${t("train.transcript_hint")}</label>
            <textarea
              id="transcript"
              rows="4"
              data-test="transcript"
              .value=${live(this.transcript)}
              @input=${this.typed("transcript")}
            ></textarea>
          </div>
        </details>
        ${expertFields(this.expert, this.error, () => {
          this.keep();
          update();
        })}
        ${problem(this.error)}
        ${this.proposed
          ? html`<div class="row">
              <button type="button" data-test="proposed" @click=${() => this.takeProposed()}>
                ${t("train.proposed", { name: this.proposed })}
              </button>
            </div>`
          : nothing}
        <div class="row">
          <button
            type="submit"
            class="primary big"
            data-test="start"
            ?disabled=${obstacle !== "" || this.starting}
            aria-describedby="obstacle"
          >
            ${t(this.starting ? "train.starting" : "train.start")}
          </button>
          <span id="obstacle" class="muted" role="status">${obstacle ? t(obstacle) : ""}</span>
        </div>
      </form>
    `;
  }
}
