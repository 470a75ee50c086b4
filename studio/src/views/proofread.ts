// The clips of a task with their words, least certain first: hear, correct, leave out, and train again.

import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import * as api from "../api";
import { t } from "../i18n";
import { hasEnded, type Correction, type Task, type Transcript, type Transcripts } from "../types";
import { announce, loading, problem, update } from "../view";
import { clipRow, type Draft } from "./clip";

/** So many clips are on the page at first; every one of them has a player. */
const AT_ONCE = 40;
type Order = "confidence" | "time";

export class ProofreadTab {
  private found: Transcripts | null = null;
  private order: Order = "confidence";
  private most = AT_ONCE;
  /** What differs from what is saved, by clip. */
  private readonly drafts = new Map<string, Draft>();
  private error: unknown = null;
  private refused: unknown = null;
  /** What was saved last, or refused. */
  private sent: Correction[] = [];
  private busy = false;
  /** What the task had done when its clips were last asked for. */
  private known = "";

  /** `retrain` starts the task again with what is saved; it throws what the server refuses. */
  constructor(
    private readonly id: string,
    private readonly retrain: () => Promise<void>,
  ) {}

  /** Something was typed or ticked that is not saved. */
  get unsaved(): boolean {
    return this.drafts.size > 0;
  }

  /** The task is deleted: nothing is left to be saved. */
  forget(): void {
    this.drafts.clear();
  }

  private look(task: Task): void {
    const known = `${task.status} ${task.stages.map((stage) => stage.status).join()}`;
    if (known === this.known) return;
    this.known = known;
    void this.load();
  }

  private async load(): Promise<void> {
    try {
      this.take(await api.transcripts(this.id));
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    update();
  }

  private take(found: Transcripts): void {
    this.found = found;
    for (const clip of found.items) {
      const draft = this.drafts.get(clip.clip_id);
      if (draft) this.change(clip, draft);
    }
  }

  private draft(clip: Transcript): Draft {
    return this.drafts.get(clip.clip_id) ?? { text: clip.text, dropped: clip.dropped };
  }

  private change(clip: Transcript, draft: Draft): void {
    const same = draft.text === clip.text && draft.dropped === clip.dropped;
    if (same) this.drafts.delete(clip.clip_id);
    else this.drafts.set(clip.clip_id, draft);
    update();
  }

  private corrections(clips: Transcript[]): Correction[] {
    return clips.flatMap((clip) => {
      const draft = this.draft(clip);
      const said = draft.text.trim();
      const text = said === "" || said === clip.recognised_text ? null : said;
      return text === null && !draft.dropped ? [] : [{ clip_id: clip.clip_id, text, dropped: draft.dropped }];
    });
  }

  /** Saves; answers whether all went well. */
  private async save(): Promise<boolean> {
    if (this.found === null || this.busy) return false;
    if (!this.unsaved) return true;
    this.busy = true;
    this.refused = null;
    update();
    const sent = new Map(this.drafts);
    this.sent = this.corrections(this.found.items);
    try {
      const saved = await api.correct(this.id, this.sent);
      // What was typed while it was sent is still to be saved.
      for (const [id, draft] of sent) if (this.drafts.get(id) === draft) this.drafts.delete(id);
      this.take(saved);
      announce(t("proofread.saved"));
    } catch (error) {
      this.refused = error;
      announce(api.sentenceOf(error));
    }
    this.busy = false;
    update();
    return this.refused === null;
  }

  private async again(): Promise<void> {
    if (!(await this.save())) return;
    this.busy = true;
    update();
    try {
      await this.retrain();
    } catch (error) {
      this.refused = error;
      announce(api.sentenceOf(error));
    }
    this.busy = false;
    update();
  }

  /** What the server says of one clip's correction. */
  private wrong(clip: Transcript): string | null {
    const at = this.sent.findIndex((correction) => correction.clip_id === clip.clip_id);
    return this.refused instanceof api.ApiError ? api.problemWith(this.refused, `items.${at}.text`) : null;
  }

  private sorted(clips: Transcript[]): Transcript[] {
    const by: Record<Order, (a: Transcript, b: Transcript) => number> = {
      confidence: (a, b) => a.confidence - b.confidence || a.start - b.start,
      time: (a, b) => a.start - b.start,
    };
    return [...clips].sort(by[this.order]);
  }

  private onKey(event: KeyboardEvent): void {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-test=clip]");
    if ((event.ctrlKey || event.metaKey) && event.key === "s") void this.save();
    else if ((event.ctrlKey || event.metaKey) && event.key === "Enter") row?.querySelector("vl-player")?.toggle();
    else if (event.altKey && event.key === "ArrowDown") this.move(row?.nextElementSibling);
    else if (event.altKey && event.key === "ArrowUp") this.move(row?.previousElementSibling);
    else return;
    event.preventDefault();
  }

  private move(row: Element | null | undefined): void {
    row?.querySelector("textarea")?.focus();
  }

  render(task: Task): TemplateResult {
    this.look(task);
    const found = this.found;
    if (found === null) {
      if (this.error === null) return loading();
      const early = this.error instanceof api.ApiError && this.error.status === 409;
      return early
        ? html`<p class="notice" data-test="not-ready">${api.sentenceOf(this.error)}</p>`
        : html`${problem(this.error)}<button type="button" @click=${() => this.load()}>${t("again")}</button>`;
    }
    if (found.items.length === 0) return html`<p class="notice">${t("proofread.none")}</p>`;
    const ended = hasEnded(task);
    const clips = this.sorted(found.items);
    return html`
      <section class="proofread" data-test="proofread" @keydown=${(event: KeyboardEvent) => this.onKey(event)}>
        <p class="muted">${t(found.aligned ? "proofread.lead_aligned" : "proofread.lead")}</p>
        ${ended ? nothing : html`<p class="notice" data-test="not-ended">${t("proofread.not_ended")}</p>`}
        ${found.pending ? html`<p class="notice warn" data-test="pending">${t("proofread.pending")}</p>` : nothing}
        <div class="row spread">
          ${this.orders()}
          <span class="muted small">${t("proofread.keys")}</span>
        </div>
        <ol class="clips">
          ${repeat(
            clips.slice(0, this.most),
            (clip) => clip.clip_id,
            (clip) =>
              clipRow({
                clip,
                draft: this.draft(clip),
                src: api.outputUrl(this.id, "clip", `${clip.clip_id}.wav`),
                editable: ended && !this.busy,
                unsaved: this.drafts.has(clip.clip_id),
                wrong: this.wrong(clip),
                change: (draft) => this.change(clip, draft),
              }),
          )}
        </ol>
        ${clips.length > this.most
          ? html`<button
              type="button"
              data-test="more"
              @click=${() => {
                this.most += AT_ONCE;
                update();
              }}
            >
              ${t("proofread.more", { count: clips.length - this.most })}
            </button>`
          : nothing}
        ${ended ? this.bar(found) : nothing}
      </section>
    `;
  }

  private orders(): TemplateResult {
    return html`
      <label class="row small">
        ${t("proofread.order")}
        <select
          data-test="order"
          @change=${(event: Event) => {
            this.order = (event.target as HTMLSelectElement).value as Order;
            this.most = AT_ONCE;
            update();
          }}
        >
          ${(["confidence", "time"] as const).map(
            (order) =>
              html`<option value=${order} ?selected=${order === this.order}>${t(`proofread.by.${order}`)}</option>`,
          )}
        </select>
      </label>
    `;
  }

  private bar(found: Transcripts): TemplateResult {
    return html`
      <div class="card actions-bar" role="region" aria-label=${t("proofread.actions")}>
        ${problem(this.refused)}
        <div class="row">
          <button
            type="button"
            data-test="save"
            ?disabled=${!this.unsaved || this.busy}
            aria-busy=${this.busy}
            @click=${() => this.save()}
          >
            ${t("proofread.save")}
          </button>
          <button
            type="button"
            class="primary"
            data-test="retrain"
            ?disabled=${(!this.unsaved && !found.pending) || this.busy}
            aria-describedby="retrain-hint"
            @click=${() => this.again()}
          >
            ${t("proofread.retrain")}
          </button>
          <span class="muted small" role="status" data-test="unsaved">
            ${this.unsaved ? t("proofread.unsaved", { count: this.drafts.size }) : nothing}
          </span>
        </div>
        <p class="muted small" id="retrain-hint">${t("proofread.retrain_hint")}</p>
      </div>
    `;
  }
}
