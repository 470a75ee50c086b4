// Spectrograms that open on demand; what draws them is loaded with the first one.

import { html, nothing, type TemplateResult } from "lit-html";
import { t } from "../i18n";
import { loading, problem, update } from "../view";

export class Pictures {
  private readonly open = new Set<string>();
  private ready = false;
  private error: unknown = null;

  private async toggled(key: string, open: boolean): Promise<void> {
    if (open) this.open.add(key);
    else this.open.delete(key);
    if (open && !this.ready) {
      try {
        await import("../elements/spectrogram");
        this.ready = true;
        this.error = null;
      } catch (error) {
        this.error = error;
      }
    }
    update();
  }

  /** `key` tells one sound from the others of this view. */
  picture(key: string, sound: string | Blob, label: string): TemplateResult {
    const drawn = () =>
      this.ready
        ? html`<vl-spectrogram .sound=${sound} .label=${label}></vl-spectrogram>`
        : this.error
          ? problem(this.error)
          : loading();
    return html`
      <details
        data-test="spectrogram-toggle"
        @toggle=${(event: Event) => this.toggled(key, (event.target as HTMLDetailsElement).open)}
      >
        <summary class="small">${t("spectrogram.title")}</summary>
        ${this.open.has(key) ? drawn() : nothing}
      </details>
    `;
  }
}
