// How long each quality will take on this machine, as honestly as the server knows it: a range, why, and the queue.

import { html, nothing, type TemplateResult } from "lit-html";
import * as api from "../api";
import { duration, number, t } from "../i18n";
import type { Estimates, Quality } from "../types";
import { update } from "../view";

const SHORT_S = 90;
const LONG_S = 2 * 3600;
const AGAIN_MS = 15_000;

/** A range as people say it: "3–6 min", "1.5–2.5 h". */
function range(least: number, most: number): string {
  if (most < SHORT_S) return t("estimate.under", { minutes: Math.max(1, Math.ceil(most / 60)) });
  if (most >= LONG_S) return t("estimate.hours", { from: number(least / 3600, 1), to: number(most / 3600, 1) });
  const [from, to] = [Math.max(1, Math.floor(least / 60)), Math.ceil(most / 60)];
  return from === to ? t("estimate.about", { minutes: to }) : t("estimate.minutes", { from, to });
}

export class EstimatePanel {
  private found: Estimates | null = null;
  /** Usable seconds that were asked about. */
  private asked = 0;
  private asking: AbortController | null = null;
  private again = 0;

  stop(): void {
    this.asking?.abort();
    clearTimeout(this.again);
  }

  /** Asks anew when there is more or less usable speech. */
  private look(usable: number): void {
    const asked = Math.round(usable);
    if (asked === this.asked) return;
    this.stop();
    this.asked = asked;
    this.found = null;
    if (asked > 0) void this.ask(asked);
  }

  private async ask(usable: number): Promise<void> {
    const asking = new AbortController();
    this.asking = asking;
    try {
      this.found = await api.estimate(usable, asking.signal);
    } catch (error) {
      // Training needs no estimate; a machine that is busy may tell later.
      const later = error instanceof api.ApiError && (error.status === 0 || error.status >= 500);
      if (later) this.again = window.setTimeout(() => void this.ask(usable), AGAIN_MS);
    }
    if (this.asking === asking) this.asking = null;
    update();
  }

  /** Beside one quality. */
  of(quality: Quality, usable: number): TemplateResult | typeof nothing {
    this.look(usable);
    const estimate = this.found?.items.find((item) => item.quality === quality);
    if (estimate === undefined) return nothing;
    return html`<span class="small number" data-test="estimate-${quality}" data-seconds=${estimate.seconds}
      >${range(estimate.least_seconds, estimate.most_seconds)}</span
    >`;
  }

  /** Where the numbers come from, and what has to be waited for before. */
  words(quality: Quality): TemplateResult | typeof nothing {
    // A machine that has not trained yet is measured first, which takes a while.
    if (this.asking !== null) {
      return html`<p class="muted small" role="status">
        <span class="spinner" aria-hidden="true"></span> ${t("estimate.measuring")}
      </p>`;
    }
    const estimate = this.found?.items.find((item) => item.quality === quality);
    if (this.found === null || estimate === undefined) return nothing;
    const { tasks_before: before, wait_seconds: wait } = this.found;
    return html`
      <p class="muted small" data-test="estimate-basis">
        ${t(`estimate.basis.${estimate.basis}`)}
        ${before > 0
          ? html`<span data-test="estimate-wait">${t("estimate.wait", { count: before, time: duration(wait) })}</span>`
          : nothing}
      </p>
    `;
  }
}
