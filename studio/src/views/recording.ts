// One recording of the form: its upload, its data report, its waveform with the clips that were found.

import { html, nothing, type TemplateResult } from "lit-html";
import * as api from "../api";
import { ask } from "../ask";
import { clock, duration, language, number, percent, said, t, text, word } from "../i18n";
import type { Recording, Report } from "../types";
import { announce, problem, update } from "../view";
import { playIcon } from "../elements/icons";
import "../elements/wave";
import type { Region } from "../elements/wave";

/** Plays a part of the recording whose list was clicked. */
function hear(event: Event, start: number, end: number): void {
  (event.target as HTMLElement).closest(".recording")?.querySelector("vl-wave")?.play(start, end);
}

export class RecordingCard {
  file: Recording | null = null;
  report: Report | null = null;
  error: unknown = null;
  private share = 0;
  private regions: Region[] = [];
  /** Language of the titles of the regions. */
  private titled = "";
  private readonly abort = new AbortController();
  private readonly key = crypto.randomUUID();

  /** `changed` is told when the recording has its id. */
  constructor(
    private readonly local: File | null,
    private readonly onRemove: (card: RecordingCard) => void,
    private readonly changed: () => void = () => {},
  ) {
    if (local !== null) void this.upload();
  }

  /** A recording that was uploaded before; one that is gone removes itself. */
  static known(id: string, onRemove: (card: RecordingCard) => void): RecordingCard {
    const card = new RecordingCard(null, onRemove);
    void api.getFile(id).then(
      (file) => {
        card.file = file;
        update();
        return card.inspect();
      },
      () => onRemove(card),
    );
    return card;
  }

  /** Stops what still goes on; what was uploaded stays. */
  close(): void {
    this.abort.abort();
  }

  private async upload(): Promise<void> {
    this.error = null;
    const sent = (share: number) => {
      this.share = share;
      update();
    };
    try {
      this.file = await api.upload(this.local as File, "", sent, this.abort.signal, this.key);
      this.changed();
    } catch (error) {
      if (!this.abort.signal.aborted) this.fail(error);
      return;
    }
    await this.inspect();
  }

  private async inspect(): Promise<void> {
    if (this.file === null) return;
    this.error = null;
    try {
      this.report = await api.report(this.file.file_id, this.abort.signal);
      announce(this.verdict(this.report));
    } catch (error) {
      if (!this.abort.signal.aborted) this.fail(error);
    }
    update();
  }

  private fail(error: unknown): void {
    this.error = error;
    announce(api.sentenceOf(error));
    update();
  }

  private async remove(): Promise<void> {
    if (this.file !== null) {
      if (!(await ask(t("report.remove_sure", { name: this.file.filename }), t("report.remove")))) return;
      // In use by a task: it stays there, and only leaves this form.
      await api.deleteFile(this.file.file_id).catch(() => null);
    }
    this.onRemove(this);
  }

  private verdict(report: Report): string {
    return text(report.verdict_key, report.verdict_args);
  }

  render(): TemplateResult {
    const name = this.file?.filename ?? this.local?.name ?? "";
    return html`
      <section class="card recording" data-test="recording" aria-label=${name}>
        <div class="row spread">
          <h2>${name}</h2>
          <button type="button" class="plain" data-test="remove" @click=${() => this.remove()}>${t("report.remove")}</button>
        </div>
        ${this.error
          ? html`${problem(this.error)}
              <button type="button" @click=${() => (this.file ? this.inspect() : this.upload())}>${t("again")}</button>`
          : this.report
            ? this.found(this.report)
            : this.waiting()}
      </section>
    `;
  }

  private waiting(): TemplateResult {
    if (this.file !== null || this.share >= 1) {
      return html`<p role="status"><span class="spinner" aria-hidden="true"></span> ${t("report.listening")}</p>`;
    }
    return html`<label>
      ${t("report.uploading", { share: percent(this.share) })}
      <progress max="1" .value=${this.share}></progress>
    </label>`;
  }

  /** The same list for as long as nothing changes in it, so that the picture is not drawn again. */
  private clipRegions(report: Report): Region[] {
    if (this.titled !== language()) {
      this.titled = language();
      this.regions = report.clips.map((clip) => ({
        start: clip.start,
        end: clip.start + clip.seconds,
        kept: clip.kept,
        title: clip.kept ? clock(clip.start) : t("report.left_out", { reason: word("reason", clip.drop_reason ?? "") }),
      }));
    }
    return this.regions;
  }

  private found(report: Report): TemplateResult {
    const out = report.clips.filter((clip) => !clip.kept);
    return html`
      <p data-test="verdict">
        <span class="badge ${report.outlook}">${t(`outlook.${report.outlook}`)}</span> ${this.verdict(report)}
      </p>
      ${report.problem
        ? html`<p class="notice bad" role="alert">${text(report.problem.key, report.problem.args)}</p>`
        : nothing}
      ${report.warnings.map((warning) => html`<p class="notice warn">${said(warning)}</p>`)}
      <vl-wave
        data-test="wave"
        .peaks=${report.peaks}
        .seconds=${report.seconds}
        .src=${api.fileUrl(report.file_id)}
        .regions=${this.clipRegions(report)}
        .label=${this.file?.filename ?? ""}
      ></vl-wave>
      <dl class="facts">
        ${this.fact("usable", duration(report.usable_seconds))} ${this.fact("length", duration(report.seconds))}
        ${this.fact("snr", `${number(report.snr_db)} dB`)} ${this.fact("clipping", percent(report.clipping_ratio, 1))}
        ${this.fact("loudness", `${number(report.loudness_lufs)} LUFS`)}
        ${this.fact("silence", percent(report.silence_ratio))}
      </dl>
      <details>
        <summary>${t("report.clips", { kept: report.clips.length - out.length, all: report.clips.length })}</summary>
        <ul class="small clip-list">
          ${report.clips.map(
            (clip) => html`<li>
              <button
                type="button"
                class="plain small number"
                data-test="play-clip"
                aria-label=${t("report.play_clip", { at: clock(clip.start) })}
                @click=${(event: Event) => hear(event, clip.start, clip.start + clip.seconds)}
              >
                ${playIcon} ${clock(clip.start)}–${clock(clip.start + clip.seconds)}
              </button>
              ${clip.kept ? t("report.kept") : t("report.left_out", { reason: word("reason", clip.drop_reason ?? "") })}
            </li>`,
          )}
        </ul>
      </details>
    `;
  }

  private fact(name: string, value: string): TemplateResult {
    return html`<div>
      <dt class="muted small">${t(`report.${name}`)}</dt>
      <dd class="number">${value}</dd>
    </div>`;
  }
}
