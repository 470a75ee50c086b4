// An address that leads nowhere.

import { html, type TemplateResult } from "lit-html";
import { t } from "../i18n";
import type { View } from "../view";

export class MissingView implements View {
  title(): string {
    return t("missing.title");
  }

  render(): TemplateResult {
    return html`<h1>${t("missing.title")}</h1>
      <p><a href="#/">${t("missing.back")}</a></p>`;
  }
}
