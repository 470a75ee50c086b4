// One task: its progress and its result are tabs over one stream of events.

import { html, nothing, type TemplateResult } from "lit-html";
import * as api from "../api";
import { ask } from "../ask";
import { follow, type Connection, type TaskEvent } from "../events";
import { said, t, text } from "../i18n";
import { go, TASK_TABS, taskHref, type TaskTab } from "../router";
import { hasEnded, STAGES, type StageName, type Task } from "../types";
import { announce, loading, problem, update, type View } from "../view";
import { ProgressTab } from "./progress";
import { ProofreadTab } from "./proofread";
import { ResultTab } from "./result";

/** The task itself is asked for at most so often, however many events come. */
const REFRESH_MS = 500;

export class TaskView implements View {
  private task: Task | null = null;
  private error: unknown = null;
  /** Of the last action: cancel, resume, retry. */
  private refused: unknown = null;
  private connection: Connection = "open";
  private stream: { stop: () => void } | null = null;
  private last = 0;
  private refreshing = 0;
  private gone = false;
  /** Time left counts down between events, too. */
  private readonly clock = window.setInterval(() => this.task?.status === "running" && update(), 1000);
  private from: StageName | "" = "";
  private readonly progress: ProgressTab;
  private readonly proofread: ProofreadTab;
  private readonly result: ResultTab;

  constructor(
    readonly id: string,
    private tab: TaskTab,
  ) {
    this.progress = new ProgressTab(id);
    this.proofread = new ProofreadTab(id, () => this.retrain());
    this.result = new ResultTab(id, () => this.proofread.forget());
    void this.refresh();
    this.listen();
  }

  show(tab: TaskTab): void {
    this.tab = tab;
    if (tab === "result") void this.result.load();
  }

  title(): string {
    return this.task ? `${this.task.exp_name} · ${t(`task.tab.${this.tab}`)}` : t("task.title");
  }

  get unsaved(): boolean {
    return this.proofread.unsaved;
  }

  leave(): void {
    this.gone = true;
    this.stream?.stop();
    this.progress.stop();
    this.result.stop();
    clearTimeout(this.refreshing);
    clearInterval(this.clock);
  }

  private listen(): void {
    this.stream?.stop();
    this.stream = follow(
      this.id,
      this.last,
      (event) => this.onEvent(event),
      (connection) => {
        this.connection = connection;
        // What happened while nobody listened shows in the task itself.
        if (connection === "open" || connection === "ended") this.soon();
        update();
      },
    );
  }

  private onEvent(event: TaskEvent): void {
    this.last = event.id;
    this.progress.onEvent(event);
    this.soon();
    update();
  }

  private soon(): void {
    if (this.refreshing || this.gone) return;
    this.refreshing = window.setTimeout(() => {
      this.refreshing = 0;
      void this.refresh();
    }, REFRESH_MS);
  }

  private async refresh(): Promise<void> {
    try {
      const task = await api.getTask(this.id);
      if (this.gone) return;
      const ended = this.task !== null && this.task.status !== task.status && hasEnded(task);
      this.task = task;
      this.error = null;
      if (ended) announce(`${task.exp_name}: ${t(`status.${task.status}`)}`);
      if (ended && task.status === "completed" && this.tab === "progress") go(taskHref(this.id, "result"));
      if (this.tab === "result") void this.result.load();
    } catch (error) {
      if (this.gone) return;
      // A server that is away for a moment takes nothing away that is on the page already.
      if (this.task === null || (error instanceof api.ApiError && error.status === 404)) this.error = error;
      if (!(error instanceof api.ApiError) || error.status !== 404) this.soon();
    }
    update();
  }

  /** Runs the task again from where corrections count, and shows how it goes. */
  private async retrain(): Promise<void> {
    await api.retry(this.id, "text_feature");
    go(taskHref(this.id));
    await this.refresh();
    if (this.connection === "ended") this.listen();
  }

  private async retry(): Promise<void> {
    const { from } = this;
    const question = from ? t("task.retry_sure", { stage: t(`stage.${from}`) }) : "";
    if (from && !(await ask(question, t("task.retry")))) return;
    await this.act(() => api.retry(this.id, from || undefined));
    if (this.refused === null) go(taskHref(this.id));
  }

  private async act(action: () => Promise<unknown>): Promise<void> {
    this.refused = null;
    try {
      await action();
      await this.refresh();
      if (this.connection === "ended") this.listen();
    } catch (error) {
      this.refused = error;
      announce(api.sentenceOf(error));
      update();
    }
  }

  render(): TemplateResult {
    const task = this.task;
    if (this.error) {
      return html`${problem(this.error)}
        <p><a href="#/tasks">${t("task.back")}</a></p>`;
    }
    if (task === null) return loading();
    return html`
      <div class="task">
        <div class="row spread">
          <h1>${task.exp_name}</h1>
          <span class="badge ${task.status}" data-test="status" data-status=${task.status}
            >${t(`status.${task.status}`)}</span
          >
        </div>
        ${this.connection === "lost"
          ? html`<p class="notice warn" role="status" data-test="connection">${t("task.lost")}</p>`
          : nothing}
        ${task.error
          ? html`<div class="notice bad" role="alert" data-test="failure">
              <p>${text(task.error.key, task.error.args)}</p>
              ${task.error.code.startsWith("AUDIO_") ? html`<a href="#/">${t("task.other_recording")}</a>` : nothing}
            </div>`
          : html`<p class="muted">${said(task)}</p>`}
        ${this.actions(task)} ${problem(this.refused)}
        <nav class="tabs" aria-label=${t("task.tabs")}>
          ${TASK_TABS.map(
            (tab) => html`
              <a
                href=${taskHref(this.id, tab)}
                data-test="tab-${tab}"
                aria-current=${this.tab === tab ? "page" : nothing}
                >${t(`task.tab.${tab}`)}</a
              >
            `,
          )}
        </nav>
        ${this[this.tab].render(task)}
      </div>
    `;
  }

  private actions(task: Task): TemplateResult {
    const ended = hasEnded(task);
    const resumable = ["interrupted", "failed", "cancelled"].includes(task.status);
    return html`
      <div class="row actions">
        ${ended
          ? nothing
          : html`<button
              class="danger"
              data-test="cancel"
              @click=${async () => {
                if (await ask(t("task.cancel_sure"), t("task.cancel"))) await this.act(() => api.cancel(this.id));
              }}
            >
              ${t("task.cancel")}
            </button>`}
        ${resumable
          ? html`<button class="primary" data-test="resume" @click=${() => this.act(() => api.resume(this.id))}>
              ${t("task.resume")}
            </button>`
          : nothing}
        ${ended
          ? html`
              <label>
                <span class="hidden">${t("task.retry_from")}</span>
                <select
                  data-test="retry-stage"
                  @change=${(event: Event) => {
                    this.from = (event.target as HTMLSelectElement).value as StageName;
                    update();
                  }}
                >
                  <option value="">${t("task.retry_from")}</option>
                  ${STAGES.map((stage) => html`<option value=${stage} ?selected=${stage === this.from}>${t(`stage.${stage}`)}</option>`)}
                </select>
              </label>
              <button
                data-test="retry"
                ?disabled=${task.status === "completed" && this.from === ""}
                @click=${() => this.retry()}
              >
                ${t("task.retry")}
              </button>
            `
          : nothing}
      </div>
    `;
  }
}
