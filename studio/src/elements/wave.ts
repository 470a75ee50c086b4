// <vl-wave>: the picture of a recording, with parts marked in it, and playing. wavesurfer.js is loaded when the first
// one appears; the sound itself only when somebody wants to hear it.
//
// Properties: `peaks` (0..255), `seconds`, `src`, `regions`, `label` (what it is, for screen readers).
// Methods: play(start?, end?), pause(). Space plays, arrows seek, Home and End jump.

import { html, type TemplateResult } from "lit-html";
import type WaveSurfer from "wavesurfer.js";
import { clock, t } from "../i18n";
import { color } from "../theme";
import { problem } from "../view";
import { Drawn } from "./drawn";
import { pauseIcon, playIcon } from "./icons";
import { keyStep, takeTurns, trouble, unload } from "./sound";

/** A marked part of a recording. */
export interface Region {
  start: number;
  end: number;
  kept: boolean;
  /** Shown where the pointer rests. */
  title: string;
}

const HEIGHT_PX = 88;

export class Wave extends Drawn {
  private readonly media = new Audio();
  private picture: WaveSurfer | null = null;
  /** What the picture was made of; another list makes another picture. */
  private shown: { peaks: number[]; regions: Region[] } | null = null;
  private recolor: () => void = () => {};
  private levels: number[] = [];
  private whole = 0;
  private source = "";
  private parts: Region[] = [];
  private name = "";
  private at = 0;
  private waiting = false;
  private error: unknown = null;
  private readonly onTheme = () => this.recolor();

  constructor() {
    super();
    this.media.preload = "none";
    takeTurns(this.media);
    for (const name of ["play", "pause", "seeked"]) this.media.addEventListener(name, () => this.changed());
    this.media.addEventListener("waiting", () => this.wait(!this.media.paused));
    for (const name of ["playing", "pause"]) this.media.addEventListener(name, () => this.wait(false));
    this.media.addEventListener("error", () => void this.fail());
  }

  set peaks(peaks: number[]) {
    this.levels = peaks;
    this.changed();
  }

  set seconds(seconds: number) {
    this.whole = seconds;
    this.changed();
  }

  set src(src: string) {
    this.source = src;
    this.changed();
  }

  set regions(regions: Region[]) {
    this.parts = regions;
    this.changed();
  }

  set label(label: string) {
    this.name = label;
    this.changed();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("themechange", this.onTheme);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("themechange", this.onTheme);
    this.forget();
    unload(this.media);
  }

  /** From here (or from where it stopped) to there (or to the end). */
  play(start?: number, end?: number): void {
    if (this.error) {
      this.error = null;
      this.media.load();
    }
    this.wait(this.media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
    // A failure arrives as the event "error", too; being stopped before the first sound is none.
    this.picture?.play(start, end).catch(() => this.wait(false));
  }

  pause(): void {
    this.media.pause();
  }

  private forget(): void {
    this.picture?.destroy();
    this.picture = null;
    this.shown = null;
    this.recolor = () => {};
  }

  private wait(waiting: boolean): void {
    this.waiting = waiting;
    this.changed();
  }

  private async fail(): Promise<void> {
    if (!this.media.getAttribute("src")) return;
    const error = await trouble(this.media, this.source);
    if (!this.isConnected) return;
    this.error = error;
    this.media.pause();
    this.wait(false);
  }

  protected override drawn(): void {
    if (this.levels.length === 0 || this.whole <= 0) return;
    if (this.shown?.peaks === this.levels && this.shown.regions === this.parts) return;
    const shown = { peaks: this.levels, regions: this.parts };
    this.shown = shown;
    void this.paint(shown).catch((error: unknown) => {
      this.error = error;
      this.changed();
    });
  }

  private async paint(shown: { peaks: number[]; regions: Region[] }): Promise<void> {
    const [{ default: Surfer }, { default: Regions }] = await Promise.all([
      import("wavesurfer.js"),
      import("wavesurfer.js/plugins/regions"),
    ]);
    if (!this.isConnected || this.shown !== shown) return;
    this.picture?.destroy();
    const regions = Regions.create();
    const picture = Surfer.create({
      container: this.querySelector<HTMLElement>(".picture") as HTMLElement,
      height: HEIGHT_PX,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      cursorWidth: 2,
      media: this.media,
      url: this.source,
      peaks: [shown.peaks.map((level) => level / 255)],
      duration: this.whole,
      cspNonce: document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "",
      plugins: [regions],
    });
    this.picture = picture;
    picture.on("timeupdate", (at) => {
      this.at = at;
      this.changed();
    });
    const fill = (region: Region) => color(region.kept ? "--clip" : "--clip-out");
    picture.once("ready", () => {
      for (const part of shown.regions) {
        const drawn = regions.addRegion({ start: part.start, end: part.end, color: fill(part), drag: false, resize: false });
        if (drawn.element) {
          drawn.element.title = part.title;
          drawn.element.style.cursor = "pointer";
        }
        drawn.on("click", (event) => {
          event.stopPropagation();
          this.play(part.start, part.end);
        });
      }
    });
    this.recolor = () => {
      const played = color("--wave-played");
      picture.setOptions({ waveColor: color("--wave"), progressColor: played, cursorColor: played });
      for (const [index, drawn] of regions.getRegions().entries()) {
        const part = shown.regions[index];
        if (part) drawn.setOptions({ color: fill(part) });
      }
    };
    this.recolor();
  }

  private seek(to: number): void {
    this.picture?.setTime(Math.min(Math.max(0, to), this.whole));
  }

  private onKey(event: KeyboardEvent): void {
    const step = keyStep(this.whole);
    if (event.key === " ") this.media.paused ? this.play() : this.pause();
    else if (event.key === "ArrowLeft" || event.key === "ArrowDown") this.seek(this.at - step);
    else if (event.key === "ArrowRight" || event.key === "ArrowUp") this.seek(this.at + step);
    else if (event.key === "Home") this.seek(0);
    else if (event.key === "End") this.seek(this.whole);
    else return;
    event.preventDefault();
  }

  protected template(): TemplateResult {
    const playing = !this.media.paused;
    const [at, whole] = [clock(this.at), clock(Math.round(this.whole))];
    return html`
      <button
        class="round"
        type="button"
        aria-label="${t(playing ? "player.pause" : "player.play")}: ${this.name}"
        aria-busy=${this.waiting}
        data-test="play"
        @click=${() => (playing ? this.pause() : this.play())}
      >
        ${this.waiting ? html`<span class="spinner" aria-hidden="true"></span>` : playing ? pauseIcon : playIcon}
      </button>
      <div
        class="picture"
        role="slider"
        tabindex="0"
        aria-label="${t("player.position")}: ${this.name}"
        aria-valuemin="0"
        aria-valuemax=${Math.round(this.whole)}
        aria-valuenow=${Math.round(this.at)}
        aria-valuetext=${t("player.at", { at, whole })}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      ></div>
      <span class="number small muted" aria-hidden="true">${at} / ${whole}</span>
      ${problem(this.error)}
    `;
  }
}

customElements.define("vl-wave", Wave);

declare global {
  interface HTMLElementTagNameMap {
    "vl-wave": Wave;
  }
}
