// What people who know the models may set about slicing and training; what stays empty is the quality's to decide.

import { html, type TemplateResult } from "lit-html";
import { t } from "../i18n";
import type { Expert } from "../types";
import { anyProblem, numberField, numbersOf, type NumberField, type Typed } from "./fields";

const epochs = { min: 1, max: 200, step: 1 } as const;
const batch = { min: 1, max: 64, step: 1 } as const;
const rate = { min: 0.000001, max: 0.01, step: "any" } as const;
/** The bounds that the server checks, too. */
const FIELDS: readonly NumberField<keyof Expert>[] = [
  { name: "min_clip_seconds", min: 1, max: 8, step: "any" },
  { name: "max_clip_seconds", min: 4, max: 20, step: "any" },
  { name: "sovits_epochs", ...epochs },
  { name: "gpt_epochs", ...epochs },
  { name: "sovits_batch_size", ...batch },
  { name: "gpt_batch_size", ...batch },
  { name: "sovits_learning_rate", ...rate },
  { name: "gpt_learning_rate", ...rate },
  { name: "sovits_save_every_epochs", ...epochs },
  { name: "gpt_save_every_epochs", ...epochs },
];
const PATH = "options.expert.";

export type TypedExpert = Typed<keyof Expert>;

/** For `options.expert`; undefined when nothing is set. */
export function expertOf(typed: TypedExpert): Expert | undefined {
  return numbersOf(typed);
}

export function expertFields(typed: TypedExpert, refused: unknown, changed: () => void): TemplateResult {
  return html`
    <details data-test="expert" ?open=${anyProblem(refused, FIELDS, PATH)}>
      <summary>${t("expert.title")}</summary>
      <p class="muted small">${t("expert.hint")}</p>
      <div class="numbers">
        ${FIELDS.map((field) =>
          numberField(field, t(`expert.field.${field.name}`), typed, refused, PATH + field.name, changed),
        )}
      </div>
    </details>
  `;
}
