// <vl-curves>: the losses of one training over its steps. uPlot is loaded when the first one appears.
//
// Property: `curve`. The names of the losses are buttons that show and hide their lines; the newest values stand in a
// table, too, for those who do not see the picture.

import { html, nothing, type TemplateResult } from "lit-html";
import type uPlot from "uplot";
import { number, percent, t, word } from "../i18n";
import { color } from "../theme";
import type { Curve, CurvePoint } from "../types";
import { Drawn } from "./drawn";

/** What tells most comes first; what nobody knows comes last. */
const ORDER = ["mel", "kl", "ce", "accuracy", "gen", "fm", "disc", "stft", "pitch", "guide", "commit", "total"];
/** Lines that are hidden until somebody asks: much larger than the others, or for experts only. */
const HIDDEN = new Set(["total", "disc", "commit"]);
/** Not a loss: a share from 0 to 1, which has an axis of its own. */
const SHARE = "accuracy";
const COLORS = 4;
const HEIGHT_PX = 220;
const NEWEST = 5;

type Row = (number | null)[];

/** The losses that the points name, in the order in which people read them. */
function namesOf(points: CurvePoint[]): string[] {
  const found = new Set(points.flatMap((point) => Object.keys(point.losses)));
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...found].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export class Curves extends Drawn {
  private data: Curve | null = null;
  private names: string[] = [];
  private readonly switched = new Map<string, boolean>();
  private chart: uPlot | null = null;
  /** Names of the lines that the chart was made with. */
  private made = "";
  /** What the chart shows. */
  private given: Curve | null = null;
  private broken = false;
  private readonly resized = new ResizeObserver(() => this.fit());
  private readonly onTheme = () => this.chart?.redraw(false);
  private readonly onText = () => this.chart?.redraw(false);

  set curve(curve: Curve) {
    if (curve === this.data) return;
    this.data = curve;
    this.names = namesOf(curve.points);
    this.changed();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("themechange", this.onTheme);
    window.addEventListener("textchange", this.onText);
    this.resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("themechange", this.onTheme);
    window.removeEventListener("textchange", this.onText);
    this.resized.disconnect();
    this.chart?.destroy();
    this.chart = null;
    this.made = "";
  }

  private shows(name: string): boolean {
    return this.switched.get(name) ?? !HIDDEN.has(name);
  }

  private toggle(name: string): void {
    this.switched.set(name, !this.shows(name));
    this.chart?.setSeries(this.names.indexOf(name) + 1, { show: this.shows(name) });
    this.changed();
  }

  private fit(): void {
    const width = this.querySelector(".chart")?.clientWidth ?? 0;
    if (width > 0 && width !== this.chart?.width) this.chart?.setSize({ width, height: HEIGHT_PX });
  }

  protected override drawn(): void {
    if (this.data === null || this.names.length === 0) return;
    const made = this.names.join();
    if (this.made === made) {
      // Giving data moves the cursor, which draws again: only what is new is given.
      if (this.chart !== null && this.given !== this.data) {
        this.given = this.data;
        this.chart.setData(this.rows(this.data));
      }
      return;
    }
    this.made = made;
    void this.paint(made).catch(() => {
      // The table still tells everything.
      this.broken = true;
      this.changed();
    });
  }

  private rows(curve: Curve): [number[], ...Row[]] {
    const lines = this.names.map((name) => curve.points.map((point) => point.losses[name] ?? null));
    return [curve.points.map((point) => point.step), ...lines];
  }

  private async paint(made: string): Promise<void> {
    const { default: Plot } = await import("uplot");
    const container = this.querySelector<HTMLElement>(".chart");
    if (container === null || this.data === null || !this.isConnected || this.made !== made) return;
    this.chart?.destroy();
    const axis = { stroke: () => color("--muted"), grid: { stroke: () => color("--line"), width: 1 } };
    const shared = this.names.includes(SHARE);
    const options: uPlot.Options = {
      width: Math.max(1, container.clientWidth),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { time: false }, share: { range: [0, 1] } },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? number(tick) : "")) },
        { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => String(Number(tick.toPrecision(4)))) },
        ...(shared
          ? [
              {
                ...axis,
                scale: "share",
                side: 1 as const,
                grid: { show: false },
                values: (_: uPlot, ticks: number[]) => ticks.map((tick) => percent(tick)),
              },
            ]
          : []),
      ],
      series: [
        {},
        ...this.names.map((name, index) => ({
          label: name,
          scale: name === SHARE ? "share" : "y",
          show: this.shows(name),
          stroke: () => color(`--curve-${(index % COLORS) + 1}`),
          width: 2,
          // A line needs two points.
          points: { show: (chart: uPlot) => chart.data[0].length < 2 },
          spanGaps: true,
          ...(index >= COLORS ? { dash: [6, 4] } : {}),
        })),
      ],
      hooks: { setCursor: [() => this.changed()] },
    };
    this.given = this.data;
    this.chart = new Plot(options, this.rows(this.data), container);
    this.changed();
  }

  /** The point under the pointer, else the newest. */
  private get read(): CurvePoint | undefined {
    return this.data?.points[this.chart?.cursor.idx ?? -1] ?? this.data?.points.at(-1);
  }

  private value(point: CurvePoint | undefined, name: string): string {
    const value = point?.losses[name];
    if (value === undefined) return "–";
    return name === SHARE ? percent(value, 1) : number(value, 3);
  }

  protected template(): TemplateResult {
    const curve = this.data;
    if (curve === null || this.names.length === 0) return html``;
    const [first, last] = [curve.points[0], curve.points.at(-1)];
    const told = this.names.map((name) =>
      t("curves.from_to", {
        name: word("studio.loss", name),
        from: this.value(first, name),
        to: this.value(last, name),
      }),
    );
    return html`
      <div class="row small legend">
        ${this.names.map(
          (name, index) => html`
            <button
              type="button"
              class="plain small"
              aria-pressed=${this.shows(name)}
              data-test="curve-${name}"
              @click=${() => this.toggle(name)}
            >
              <span class="swatch swatch-${(index % COLORS) + 1} ${index >= COLORS ? "dashed" : ""}" aria-hidden="true"></span>
              ${word("studio.loss", name)} <span class="number">${this.value(this.read, name)}</span>
            </button>
          `,
        )}
        <span class="muted number">${t("curves.step", { step: this.read?.step ?? 0, all: curve.total_steps })}</span>
      </div>
      <div
        class="chart"
        role="img"
        aria-label="${t(`stage.${curve.stage}`)}: ${told.join("; ")}"
        ?hidden=${this.broken}
        data-test="chart"
      ></div>
      ${this.table(curve)}
    `;
  }

  private table(curve: Curve): TemplateResult | typeof nothing {
    const newest = curve.points.slice(-NEWEST).reverse();
    return html`
      <details ?open=${this.broken}>
        <summary class="small">${t("curves.table")}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${t("curves.table")}>
          <table class="small number" data-test="curve-table">
            <thead>
              <tr>
                <th scope="col">${t("curves.steps")}</th>
                <th scope="col">${t("curves.epoch")}</th>
                ${this.names.map((name) => html`<th scope="col">${word("studio.loss", name)}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${newest.map(
                (point) => html`<tr>
                  <th scope="row">${point.step}</th>
                  <td>${point.epoch}</td>
                  ${this.names.map((name) => html`<td>${this.value(point, name)}</td>`)}
                </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
    `;
  }
}

customElements.define("vl-curves", Curves);
