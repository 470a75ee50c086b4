// One task: its progress, its transcripts and its result are tabs over one stream of events.

import { html, type TemplateResult } from "lit-html";
import { t } from "../i18n";
import type { TaskTab } from "../router";
import type { View } from "../view";

export class TaskView implements View {
  constructor(
    readonly id: string,
    private tab: TaskTab,
  ) {}

  show(tab: TaskTab): void {
    this.tab = tab;
  }

  title(): string {
    return t("task.title");
  }

  render(): TemplateResult {
    return html`<h1>${t("task.title")}</h1><p>${t(`task.tab.${this.tab}`)}</p>`;
  }
}
