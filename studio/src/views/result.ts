// What a task has made: the candidates with their figures, the reference, the weights, and the way to delete it all.

import { html, nothing, type TemplateResult } from "lit-html";
import * as api from "../api";
import { ask } from "../ask";
import { bytes, duration, number, percent, t } from "../i18n";
import { go } from "../router";
import type { Model, Output, Outputs, Task } from "../types";
import { announce, loading, problem, update } from "../view";
import "../elements/player";
import { Pictures } from "./pictures";
import { SpeakPanel } from "./speak";

const PAGE = 100;

/** Both models are there: the voice can speak. */
function trained(models: Model[]): boolean {
  return ["gpt", "sovits"].every((kind) => models.some((model) => model.kind === kind));
}

/** The recordings of this task that other tasks were made of, too. */
async function recordingsOfOthers(task: Task): Promise<Set<string>> {
  const found = new Set<string>();
  for (let offset = 0, total = 1; offset < total; offset += PAGE) {
    const page = await api.tasks("", "", PAGE, offset);
    total = page.total;
    for (const other of page.items) if (other.id !== task.id) for (const id of other.audio_file_ids) found.add(id);
  }
  return found;
}

export class ResultTab {
  private made: Outputs | null = null;
  private error: unknown = null;
  private refused: unknown = null;

  private readonly pictures = new Pictures();
  private readonly speech: SpeakPanel;

  /** `onDeleted` is told when nothing of the task is left. */
  constructor(
    private readonly id: string,
    private readonly onDeleted: () => void,
  ) {
    this.speech = new SpeakPanel(id, this.pictures);
  }

  stop(): void {
    this.speech.stop();
  }

  async load(): Promise<void> {
    try {
      this.made = await api.outputs(this.id);
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    update();
  }

  private async deleteAll(task: Task): Promise<void> {
    if (!(await ask(t("result.delete_sure", { name: task.exp_name }), t("result.delete")))) return;
    try {
      const kept = await recordingsOfOthers(task);
      await api.purge(this.id);
      for (const file of task.audio_file_ids.filter((id) => !kept.has(id))) {
        await api.deleteFile(file).catch((error: unknown) => {
          // A task has begun to use the recording meanwhile, or it is gone already.
          if (!(error instanceof api.ApiError) || ![404, 409].includes(error.status)) throw error;
        });
      }
      announce(t("result.deleted"));
      this.onDeleted();
      go("#/tasks");
    } catch (error) {
      this.refused = error;
      update();
    }
  }

  render(task: Task): TemplateResult {
    const made = this.made;
    if (made === null) return this.error ? html`${problem(this.error)}` : loading();
    const outputs = [...made.outputs].sort((a, b) => Number(b.best) - Number(a.best));
    return html`
      ${outputs.length === 0 ? html`<p class="notice">${t("result.none")}</p>` : nothing}
      ${made.target_text && outputs.length ? html`<p>${t("result.said")} <q>${made.target_text}</q></p>` : nothing}
      ${trained(made.models) ? this.speech.render() : nothing}
      ${outputs.map((output) => this.candidate(output))} ${this.reference(made)} ${this.models(made.models)}
      <section class="card">
        <h2>${t("result.delete_title")}</h2>
        <p class="muted">${t("result.delete_what")}</p>
        ${problem(this.refused)}
        <button class="danger" data-test="delete" @click=${() => this.deleteAll(task)}>${t("result.delete")}</button>
      </section>
    `;
  }

  private candidate(output: Output): TemplateResult {
    const url = api.outputUrl(this.id, "output", output.filename);
    return html`
      <section class="card candidate" data-test="candidate" data-best=${output.best}>
        <div class="row spread">
          <h2>${output.best ? t("result.best") : t("result.candidate")}</h2>
          ${output.best ? html`<span class="badge good">${t("result.best_badge")}</span>` : nothing}
        </div>
        <vl-player .src=${url} .seconds=${output.seconds} .label=${output.filename}></vl-player>
        <dl class="facts">
          <div>
            <dt class="muted small">${t("result.wer")}</dt>
            <dd class="number">${percent(output.word_error_rate)}</dd>
          </div>
          <div>
            <dt class="muted small">${t("result.similarity")}</dt>
            <dd class="number">${number(output.speaker_similarity, 2)}</dd>
          </div>
          <div>
            <dt class="muted small">${t("result.length")}</dt>
            <dd class="number">${duration(output.seconds)}</dd>
          </div>
        </dl>
        <p class="small muted">${t("result.heard")} <q>${output.heard_text}</q></p>
        <p class="small muted">${output.sovits_model} · ${output.gpt_model}</p>
        <a class="button" href=${url} download=${output.filename} data-test="download-output"
          >${t("result.download_audio", { size: bytes(output.size_bytes) })}</a
        >
        ${this.pictures.picture(output.filename, url, output.filename)}
      </section>
    `;
  }

  private reference(made: Outputs): TemplateResult | typeof nothing {
    if (!made.ref_audio_path) return nothing;
    return html`
      <section class="card" data-test="reference">
        <h2>${t("result.reference")}</h2>
        <p class="muted">${made.ref_text}</p>
        <vl-player
          .src=${api.outputUrl(this.id, "ref_audio", made.ref_audio_path)}
          .label=${t("result.reference")}
        ></vl-player>
      </section>
    `;
  }

  private models(models: Model[]): TemplateResult | typeof nothing {
    if (models.length === 0) return nothing;
    const best = models.filter((model) => model.best);
    const others = models.filter((model) => !model.best);
    return html`
      <section class="card">
        <h2>${t("result.weights")}</h2>
        <p class="muted">${t("result.weights_hint")}</p>
        <div class="row">${best.map((model) => this.model(model))}</div>
        ${others.length
          ? html`<details ?open=${best.length === 0}>
              <summary>${t("result.others")}</summary>
              <div class="row">${others.map((model) => this.model(model))}</div>
            </details>`
          : nothing}
      </section>
    `;
  }

  private model(model: Model): TemplateResult {
    const url = api.outputUrl(this.id, `${model.kind}_model`, model.filename);
    return html`<a class="button" href=${url} download=${model.filename} data-test="download-${model.kind}"
      >${model.filename} (${bytes(model.size_bytes)})</a
    >`;
  }
}
