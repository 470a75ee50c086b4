// <vl-player>: a button, the time and a slider for one sound. Nothing is loaded before somebody wants to hear it.
//
// Properties: `src`; `seconds` (the length, when it is known: then not even the header is loaded early); `label` (what
// is played, for screen readers); `test` (data-test of the button, "play" unless said otherwise).
// Methods: play(), pause(), toggle(). Events: "play", "pause", "ended" (they do not bubble).

import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { clock, t } from "../i18n";
import { problem } from "../view";
import { Drawn } from "./drawn";
import { pauseIcon, playIcon } from "./icons";
import { keyStep, takeTurns, trouble, unload } from "./sound";

export class Player extends Drawn {
  private readonly media = new Audio();
  private source = "";
  private known = 0;
  private name = "";
  private buttonTest = "play";
  private waiting = false;
  private error: unknown = null;
  private frame = 0;

  constructor() {
    super();
    takeTurns(this.media);
    for (const name of ["loadedmetadata", "durationchange", "seeked", "timeupdate"]) {
      this.media.addEventListener(name, () => this.changed());
    }
    this.media.addEventListener("waiting", () => this.wait(!this.media.paused));
    this.media.addEventListener("playing", () => this.wait(false));
    this.media.addEventListener("pause", () => this.wait(false));
    this.media.addEventListener("error", () => void this.fail());
    for (const name of ["play", "pause", "ended"]) {
      this.media.addEventListener(name, () => {
        this.follow();
        this.dispatchEvent(new Event(name));
      });
    }
  }

  set src(src: string) {
    if (src === this.source) return;
    this.source = src;
    this.load();
  }

  set seconds(seconds: number) {
    this.known = seconds;
    this.media.preload = seconds > 0 ? "none" : "metadata";
    this.changed();
  }

  set label(label: string) {
    this.name = label;
    this.changed();
  }

  set test(test: string) {
    this.buttonTest = test;
    this.changed();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.source && !this.media.getAttribute("src")) this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    unload(this.media);
  }

  play(): void {
    if (this.error) this.load();
    this.wait(this.media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
    // A failure arrives as the event "error", too; being stopped before the first sound is none.
    this.media.play().catch(() => this.wait(false));
  }

  pause(): void {
    this.media.pause();
  }

  toggle(): void {
    if (this.media.paused) this.play();
    else this.pause();
  }

  private load(): void {
    this.error = null;
    this.waiting = false;
    if (!this.isConnected || !this.source) return;
    this.media.preload = this.known > 0 ? "none" : "metadata";
    this.media.src = this.source;
    this.changed();
  }

  private wait(waiting: boolean): void {
    this.waiting = waiting;
    this.changed();
  }

  private async fail(): Promise<void> {
    if (!this.media.getAttribute("src")) return;
    const source = this.source;
    const error = await trouble(this.media, source);
    if (source !== this.source || !this.isConnected) return;
    this.error = error;
    this.media.pause();
    this.wait(false);
  }

  /** Moves the slider with every frame while it plays. */
  private follow(): void {
    cancelAnimationFrame(this.frame);
    this.changed();
    if (!this.media.paused && this.isConnected) this.frame = requestAnimationFrame(() => this.follow());
  }

  /** Some recordings made by browsers do not say how long they are. */
  private get length(): number {
    return Number.isFinite(this.media.duration) ? this.media.duration : this.known;
  }

  private seek(to: number): void {
    this.media.currentTime = Math.min(Math.max(0, to), this.length);
    this.changed();
  }

  private onKey(event: KeyboardEvent): void {
    const step = keyStep(this.length);
    if (event.key === " ") this.toggle();
    else if (event.key === "ArrowLeft" || event.key === "ArrowDown") this.seek(this.media.currentTime - step);
    else if (event.key === "ArrowRight" || event.key === "ArrowUp") this.seek(this.media.currentTime + step);
    else return;
    event.preventDefault();
  }

  protected template(): TemplateResult {
    const playing = !this.media.paused;
    const [at, whole] = [clock(this.media.currentTime), this.length > 0 ? clock(Math.round(this.length)) : "–:––"];
    const what = this.name ? `${t(playing ? "player.pause" : "player.play")}: ${this.name}` : nothing;
    return html`
      <button
        class="round"
        type="button"
        aria-label=${what === nothing ? t(playing ? "player.pause" : "player.play") : what}
        aria-busy=${this.waiting}
        data-test=${this.buttonTest}
        @click=${() => this.toggle()}
      >
        ${this.waiting ? html`<span class="spinner" aria-hidden="true"></span>` : playing ? pauseIcon : playIcon}
      </button>
      <input
        type="range"
        min="0"
        max=${this.length || 1}
        step="any"
        .value=${live(String(this.media.currentTime))}
        aria-label=${this.name ? `${t("player.position")}: ${this.name}` : t("player.position")}
        aria-valuetext=${t("player.at", { at, whole })}
        ?disabled=${this.length <= 0}
        data-test="seek"
        @input=${(event: Event) => this.seek((event.target as HTMLInputElement).valueAsNumber)}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      />
      <span class="number small muted" aria-hidden="true">${at} / ${whole}</span>
      ${problem(this.error)}
    `;
  }
}

customElements.define("vl-player", Player);

declare global {
  interface HTMLElementTagNameMap {
    "vl-player": Player;
  }
}
