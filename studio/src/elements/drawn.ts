// What our elements share: they draw themselves into their own light DOM, and again when the language changes.

import { render, type TemplateResult } from "lit-html";

export abstract class Drawn extends HTMLElement {
  private scheduled = false;
  private readonly redraw = () => this.changed();

  connectedCallback(): void {
    window.addEventListener("textchange", this.redraw);
    this.changed();
  }

  disconnectedCallback(): void {
    window.removeEventListener("textchange", this.redraw);
  }

  protected abstract template(): TemplateResult;

  /** Draws soon, once for all that has changed by then. */
  protected changed(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      if (!this.isConnected) return;
      render(this.template(), this);
      this.drawn();
    });
  }

  /** What has to be done by hand after every drawing. */
  protected drawn(): void {}
}
