// The eight stages of a task, how far each is, how long it will still take, and what was logged.

import { html, nothing, type TemplateResult } from "lit-html";
import type { TaskEvent } from "../events";
import { duration, percent, said, t } from "../i18n";
import type { Stage, StageName, Task } from "../types";
import { CurvesPanel } from "./curves";

/** Says no more than the status does. */
const DONE = "stage.done";
/** More lines help nobody; the oldest go. */
const MOST_LINES = 500;
const ICONS: Record<Stage["status"], string> = {
  pending: "○",
  running: "◔",
  completed: "✓",
  failed: "✕",
  cancelled: "–",
  skipped: "–",
};

/** What an expert chose for this task. */
function chosen(task: Task): TemplateResult | typeof nothing {
  const set = Object.entries(task.expert ?? {}).filter(([, value]) => value !== null);
  if (set.length === 0) return nothing;
  return html`
    <details class="card" data-test="chosen">
      <summary>${t("expert.title")}</summary>
      <dl class="facts">
        ${set.map(
          ([name, value]) => html`<div>
            <dt class="muted small">${t(`expert.field.${name}`)}</dt>
            <dd class="number">${value}</dd>
          </div>`,
        )}
      </dl>
    </details>
  `;
}

export class ProgressTab {
  private readonly lines: TaskEvent[] = [];
  /** When each running stage will be done, as its last event said. */
  private readonly ends = new Map<StageName, number>();
  private readonly curves: CurvesPanel;

  constructor(id: string) {
    this.curves = new CurvesPanel(id);
  }

  stop(): void {
    this.curves.stop();
  }

  onEvent(event: TaskEvent): void {
    if (event.name === "log") {
      this.lines.push(event);
      if (this.lines.length > MOST_LINES) this.lines.shift();
    } else if (event.name === "progress" && event.data.stage) {
      const eta = event.data.eta_seconds;
      if (typeof eta === "number") this.ends.set(event.data.stage, Date.now() + eta * 1000);
      else this.ends.delete(event.data.stage);
    }
  }

  render(task: Task): TemplateResult {
    return html`
      <section class="card">
        <label class="small">
          ${t("progress.whole", { share: percent(task.progress) })}
          ${task.queue_position ? html` · ${t("tasks.position", { position: task.queue_position })}` : nothing}
          <progress max="1" .value=${task.progress} data-test="bar"></progress>
        </label>
        <ol class="stages">
          ${task.stages.map((stage) => this.stage(stage))}
        </ol>
      </section>
      ${chosen(task)} ${this.curves.render(task)}
      <details class="card" data-test="logs">
        <summary>${t("progress.logs", { count: this.lines.length })}</summary>
        ${this.lines.length === 0 ? html`<p class="muted">${t("progress.no_logs")}</p>` : nothing}
        <ul class="lines small">
          ${this.lines.map(
            (line) => html`<li class=${line.data.level ?? "info"} data-test="log-line" data-id=${line.id}>
              ${line.data.stage ? `${t(`stage.${line.data.stage}`)}: ` : ""}${said(line.data)}
            </li>`,
          )}
        </ul>
      </details>
    `;
  }

  private stage(stage: Stage): TemplateResult {
    const runs = stage.status === "running";
    const end = this.ends.get(stage.name);
    return html`
      <li class=${stage.status} data-test="stage-${stage.name}" data-status=${stage.status}>
        <span class="icon" aria-hidden="true">${ICONS[stage.status]}</span>
        <span class="what">
          <strong>${t(`stage.${stage.name}`)}</strong>
          <span class="muted small">${t(`stage_status.${stage.status}`)}</span>
          ${stage.message_key && stage.message_key !== DONE && stage.status !== "pending" ? html`<span class="small">${said(stage)}</span>` : nothing}
        </span>
        <span class="muted small number">
          ${stage.seconds !== null && !runs ? duration(stage.seconds) : nothing}
          ${runs && end !== undefined
            ? html`<span data-test="eta">${t("progress.left", { time: duration((end - Date.now()) / 1000) })}</span>`
            : nothing}
        </span>
        ${runs
          ? html`<progress max="1" .value=${stage.progress} aria-label=${t(`stage.${stage.name}`)}></progress>`
          : nothing}
      </li>
    `;
  }
}
