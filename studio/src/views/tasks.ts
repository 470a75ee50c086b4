// All tasks: filter, search, pages. The choice is part of the address, so that it survives a reload and the way back.

import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import * as api from "../api";
import { duration, moment, said, t, word } from "../i18n";
import { go, taskHref } from "../router";
import { TASK_STATUSES, type Page, type Task, type TaskStatus } from "../types";
import { loading, problem, update, type View } from "../view";

const PAGE = 20;
const REFRESH_MS = 3000;
const TYPING_MS = 300;

export class TasksView implements View {
  private page: Page<Task> | null = null;
  private error: unknown = null;
  private status: TaskStatus | "";
  private search: string;
  private offset: number;
  private typing = 0;
  private readonly timer: number;
  private asked = 0;

  constructor(chosen: URLSearchParams) {
    const status = chosen.get("status") as TaskStatus;
    this.status = TASK_STATUSES.includes(status) ? status : "";
    this.search = chosen.get("search") ?? "";
    this.offset = Math.max(0, Math.floor(Number(chosen.get("offset"))) || 0);
    void this.load();
    this.timer = window.setInterval(() => document.visibilityState === "visible" && void this.load(), REFRESH_MS);
  }

  title(): string {
    return t("tasks.title");
  }

  leave(): void {
    clearInterval(this.timer);
    clearTimeout(this.typing);
    this.asked = -1;
  }

  private async load(): Promise<void> {
    if (this.asked < 0) return;
    const asked = ++this.asked;
    try {
      const page = await api.tasks(this.status, this.search, PAGE, this.offset);
      if (asked !== this.asked) return;
      this.page = page;
      this.error = null;
    } catch (error) {
      if (asked !== this.asked) return;
      this.error = error;
    }
    update();
  }

  /** Shows another choice: it becomes the address, without a step in the history for every letter typed. */
  private choose(change: Partial<{ status: TaskStatus | ""; search: string; offset: number }>): void {
    const wanted = { status: this.status, search: this.search, offset: 0, ...change };
    const given = Object.entries(wanted).filter(([, value]) => value !== "" && value !== 0);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    history.replaceState(null, "", `#/tasks${query ? `?${query}` : ""}`);
    this.status = wanted.status;
    this.search = wanted.search;
    this.offset = wanted.offset;
    void this.load();
  }

  private onSearch(event: Event): void {
    const search = (event.target as HTMLInputElement).value.trim();
    clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.choose({ search }), TYPING_MS);
  }

  render(): TemplateResult {
    return html`
      <section class="tasks">
        <h1>${t("tasks.title")}</h1>
        <div class="row filters" role="search">
          <label class="grow">
            <span class="hidden">${t("tasks.search")}</span>
            <input
              type="search"
              placeholder=${t("tasks.search")}
              .value=${this.search}
              @input=${(event: Event) => this.onSearch(event)}
              data-test="search"
            />
          </label>
          <label>
            <span class="hidden">${t("tasks.filter")}</span>
            <select
              data-test="filter"
              @change=${(event: Event) => this.choose({ status: (event.target as HTMLSelectElement).value as TaskStatus })}
            >
              <option value="" ?selected=${this.status === ""}>${t("tasks.all")}</option>
              ${TASK_STATUSES.map(
                (status) =>
                  html`<option value=${status} ?selected=${this.status === status}>${t(`status.${status}`)}</option>`,
              )}
            </select>
          </label>
        </div>
        ${problem(this.error)} ${this.page === null ? (this.error ? nothing : loading()) : this.list(this.page)}
      </section>
    `;
  }

  private list(page: Page<Task>): TemplateResult {
    if (page.items.length === 0) {
      const all = this.status === "" && this.search === "";
      return html`<div class="card empty">
        <p>${t(all ? "tasks.none" : "tasks.none_found")}</p>
        ${all ? html`<button class="primary" @click=${() => go("#/")}>${t("tasks.first")}</button>` : nothing}
      </div>`;
    }
    return html`
      <ul class="list">
        ${repeat(
          page.items,
          (task) => task.id,
          (task) => this.item(task),
        )}
      </ul>
      ${this.pages(page)}
    `;
  }

  private item(task: Task): TemplateResult {
    const open = task.status === "completed" ? taskHref(task.id, "result") : taskHref(task.id);
    const runs = task.status === "running" || task.status === "interrupted";
    const took =
      task.started_at && task.completed_at
        ? duration((Date.parse(task.completed_at) - Date.parse(task.started_at)) / 1000)
        : "";
    return html`
      <li class="card item" data-test="task">
        <a href=${open}>${task.exp_name}</a>
        <span class="badge ${task.status}">${t(`status.${task.status}`)}</span>
        <span class="facts muted small">
          ${moment(task.created_at)} · ${t(`quality.${task.quality}`)}
          ${task.detected_language ? html` · ${word("language", task.detected_language)}` : nothing}
          ${took ? html` · ${t("tasks.took", { time: took })}` : nothing}
          ${task.queue_position ? html` · ${t("tasks.position", { position: task.queue_position })}` : nothing}
          ${task.status === "failed" ? html`<br />${said(task)}` : nothing}
        </span>
        ${runs
          ? html`<progress max="1" .value=${task.progress} aria-label=${t("tasks.progress")}></progress>`
          : nothing}
      </li>
    `;
  }

  private pages(page: Page<Task>): TemplateResult | typeof nothing {
    if (page.total <= PAGE && this.offset === 0) return nothing;
    const last = Math.min(page.total, this.offset + page.items.length);
    return html`
      <nav class="row spread" aria-label=${t("tasks.pages")}>
        <button
          ?disabled=${this.offset === 0}
          @click=${() => this.choose({ offset: Math.max(0, this.offset - PAGE) })}
          data-test="newer"
        >
          ${t("tasks.newer")}
        </button>
        <span class="muted number">${t("tasks.range", { first: this.offset + 1, last, total: page.total })}</span>
        <button
          ?disabled=${last >= page.total}
          @click=${() => this.choose({ offset: this.offset + PAGE })}
          data-test="older"
        >
          ${t("tasks.older")}
        </button>
      </nav>
    `;
  }
}
