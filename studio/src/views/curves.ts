// The loss curves of a task: asked for every two seconds while a training runs and somebody looks, and once when it ends.

import { html, nothing, type TemplateResult } from "lit-html";
import * as api from "../api";
import { t } from "../i18n";
import type { Curve, Stage, Task } from "../types";
import { update } from "../view";
import "../elements/curves";

const EVERY_MS = 2000;
const TRAININGS = ["sovits_train", "gpt_train"];

export class CurvesPanel {
  private curves: Curve[] = [];
  private running = false;
  /** What the trainings did when the curves were last asked for. */
  private known = "";
  private asking = false;
  /** The last try failed. */
  private owed = false;
  private shown = 0;
  private missing = false;
  private readonly timer = window.setInterval(() => this.tick(), EVERY_MS);

  constructor(private readonly id: string) {}

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const looking = document.visibilityState === "visible" && Date.now() - this.shown < 2 * EVERY_MS;
    if ((this.running || this.owed) && looking) void this.load();
  }

  private async load(): Promise<void> {
    if (this.asking || this.missing) return;
    this.asking = true;
    try {
      this.curves = (await api.metrics(this.id)).curves;
      this.owed = false;
    } catch (error) {
      // A server that does not know of curves; whatever else went wrong is tried again with the next tick.
      this.missing = error instanceof api.ApiError && error.status === 404;
      this.owed = true;
    }
    this.asking = false;
    update();
  }

  private look(task: Task): void {
    const trainings = task.stages.filter((stage) => TRAININGS.includes(stage.name));
    this.running = trainings.some((stage) => stage.status === "running");
    this.shown = Date.now();
    const known = trainings.map((stage) => stage.status).join();
    if (known === this.known || this.asking) return;
    this.known = known;
    if (trainings.some((stage: Stage) => stage.status !== "pending")) void this.load();
    else this.curves = [];
  }

  render(task: Task): TemplateResult | typeof nothing {
    this.look(task);
    const drawn = this.curves.filter((curve) => curve.points.length > 0);
    if (drawn.length === 0) return nothing;
    return html`
      <section class="card" data-test="curves">
        <h2>${t("curves.title")}</h2>
        <p class="muted small">${t("curves.hint")}</p>
        ${drawn.map(
          (curve) => html`
            <h3>${t(`stage.${curve.stage}`)}</h3>
            <vl-curves data-stage=${curve.stage} .curve=${curve}></vl-curves>
          `,
        )}
      </section>
    `;
  }
}
