// Drop a recording, get a voice.

import { html, type TemplateResult } from "lit-html";
import "../elements/player";
import { t } from "../i18n";
import type { View } from "../view";

export class TrainView implements View {
  title(): string {
    return t("train.title");
  }

  render(): TemplateResult {
    return html`<h1>${t("train.title")}</h1>`;
  }
}
