// Numbers that experts may set: empty is the default, and what the server refuses is said beside the field.

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { ApiError, problemWith } from "../api";

export interface NumberField<Name extends string> {
  name: Name;
  min: number;
  max: number;
  /** "any" for what is not counted. */
  step: number | "any";
}

/** What was typed, by name of the field. */
export type Typed<Name extends string> = Partial<Record<Name, string>>;

/** The numbers among what was typed; undefined when there is none. */
export function numbersOf<Name extends string>(typed: Typed<Name>): Partial<Record<Name, number>> | undefined {
  const given = Object.entries<string | undefined>(typed).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map(([name, value]) => [name, Number(value)])) as Partial<Record<Name, number>>;
}

/** Whether the server refused one of these: then they have to be seen. `prefix` stands before their names. */
export function anyProblem(refused: unknown, fields: readonly { name: string }[], prefix = ""): boolean {
  return refused instanceof ApiError && fields.some(({ name }) => problemWith(refused, prefix + name) !== null);
}

export function numberField<Name extends string>(
  field: NumberField<Name>,
  label: string,
  typed: Typed<Name>,
  refused: unknown,
  path: string,
  changed: () => void,
): TemplateResult {
  const id = `field-${field.name}`;
  const wrong = refused instanceof ApiError ? problemWith(refused, path) : null;
  return html`
    <div class="field">
      <label for=${id} class="small">${label}</label>
      <input
        id=${id}
        type="number"
        inputmode="decimal"
        min=${field.min}
        max=${field.max}
        step=${field.step}
        placeholder="${field.min}–${field.max}"
        data-test=${id}
        aria-invalid=${wrong !== null}
        aria-describedby=${wrong === null ? nothing : `${id}-wrong`}
        .value=${live(typed[field.name] ?? "")}
        @input=${(event: Event) => {
          typed[field.name] = (event.target as HTMLInputElement).value;
          changed();
        }}
      />
      ${wrong === null ? nothing : html`<span id="${id}-wrong" class="small bad-text" role="alert">${wrong}</span>`}
    </div>
  `;
}
