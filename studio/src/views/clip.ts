// One clip to proof-read: its sound, its words, whether it is used.

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { clock, number, percent, t, word } from "../i18n";
import type { Transcript, Word } from "../types";
import "../elements/player";

/** What a person makes of a clip. */
export interface Draft {
  text: string;
  dropped: boolean;
}

interface Row {
  clip: Transcript;
  draft: Draft;
  src: string;
  editable: boolean;
  unsaved: boolean;
  /** Why the server does not take it. */
  wrong: string | null;
  change: (draft: Draft) => void;
}

/** A word below this probability is worth a second look. */
const UNSURE = 0.6;
const SURE = 0.85;

/** The recognised text with the words marked that the recogniser was not sure of. */
function marked(text: string, words: Word[]): (TemplateResult | string)[] {
  const parts: (TemplateResult | string)[] = [];
  let at = 0;
  for (const { text: written, probability } of words) {
    const wanted = written.trim();
    const found = wanted === "" ? -1 : text.indexOf(wanted, at);
    if (found < 0 || probability >= UNSURE) {
      if (found >= 0) {
        parts.push(text.slice(at, found + wanted.length));
        at = found + wanted.length;
      }
      continue;
    }
    const title = t("proofread.unsure", { share: percent(probability) });
    parts.push(text.slice(at, found), html`<mark title=${title} data-test="unsure">${wanted}</mark>`);
    at = found + wanted.length;
  }
  return [...parts, text.slice(at)];
}

function badges({ clip, draft, unsaved }: Row): TemplateResult {
  const level = clip.confidence >= SURE ? "good" : clip.confidence >= UNSURE ? "fair" : "poor";
  const corrected = draft.text.trim() !== "" && draft.text.trim() !== clip.recognised_text;
  return html`
    <span class="badge ${level}" data-test="confidence">${t("proofread.sure", { share: percent(clip.confidence) })}</span>
    ${corrected ? html`<span class="badge running" data-test="corrected">${t("proofread.corrected")}</span>` : nothing}
    ${draft.dropped ? html`<span class="badge bad" data-test="dropped">${t("proofread.dropped")}</span>` : nothing}
    ${unsaved ? html`<span class="badge warn" data-test="changed">${t("proofread.changed")}</span>` : nothing}
  `;
}

export function clipRow(row: Row): TemplateResult {
  const { clip, draft, editable } = row;
  const at = clock(clip.start);
  const name = t("proofread.clip", { at });
  const differs = draft.text !== clip.recognised_text;
  return html`
    <li class="card clip ${draft.dropped ? "out" : ""}" data-test="clip" data-clip=${clip.clip_id}>
      <div class="row spread">
        <span class="row"
          ><strong class="number">${at}</strong>
          <span class="muted small">${t("time.seconds", { s: number(clip.seconds, 1) })}</span>
          ${badges(row)}</span
        >
        <label class="row small">
          <input
            type="checkbox"
            data-test="keep"
            .checked=${live(!draft.dropped)}
            ?disabled=${!editable}
            @change=${(event: Event) =>
              row.change({ ...draft, dropped: !(event.target as HTMLInputElement).checked })}
          />
          ${t("proofread.keep")}
        </label>
      </div>
      <vl-player .src=${row.src} .seconds=${clip.seconds} .label=${name}></vl-player>
      <textarea
        rows="2"
        maxlength="1000"
        lang=${clip.language === "zh" ? "zh-CN" : clip.language || nothing}
        aria-label=${t("proofread.text_of", { at })}
        data-test="text"
        .value=${live(draft.text)}
        ?readonly=${!editable}
        @input=${(event: Event) => row.change({ ...draft, text: (event.target as HTMLTextAreaElement).value })}
        @change=${() => draft.text.trim() === "" && row.change({ ...draft, text: clip.recognised_text })}
      ></textarea>
      ${row.wrong === null ? nothing : html`<p class="small bad-text" role="alert">${row.wrong}</p>`}
      <p class="small muted">
        ${clip.recognised_text
          ? html`${t("proofread.heard")} <span data-test="recognised">${marked(clip.recognised_text, clip.words)}</span>`
          : t("proofread.heard_nothing")}
        ${differs && editable && clip.recognised_text
          ? html`<button
              type="button"
              class="link"
              data-test="reset"
              aria-label=${t("proofread.reset_of", { at })}
              @click=${() => row.change({ ...draft, text: clip.recognised_text })}
            >
              ${t("proofread.reset")}
            </button>`
          : nothing}
      </p>
      ${!clip.kept && clip.drop_reason && !draft.dropped
        ? html`<p class="small bad-text" data-test="left-out">
            ${t("proofread.left_out", { reason: word("reason", clip.drop_reason) })}
          </p>`
        : nothing}
    </li>
  `;
}
