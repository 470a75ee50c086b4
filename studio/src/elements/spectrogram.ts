// <vl-spectrogram>: the picture of a short sound, time to the right, pitch upwards. Loaded when somebody opens one.
//
// Properties: `sound` (an address of ours, or the bytes), `label` (what it is, for screen readers).

import { html, type TemplateResult } from "lit-html";
import { request } from "../api";
import { duration, number, t } from "../i18n";
import { loading, problem } from "../view";
import { Drawn } from "./drawn";
import { pitchOf, spectrum } from "./spectrum";

const COLUMNS = 900;
const ROWS = 192;
/** Red, green, blue from silent to loud; as easily told apart by people who see fewer colours (after viridis). */
const RAMP = [
  [20, 11, 52],
  [64, 60, 135],
  [42, 118, 142],
  [53, 183, 121],
  [170, 220, 50],
  [253, 231, 37],
] as const;
const API = "/api/v1";
const DEFAULT_HZ = 44_100;

function ramp(level: number): [number, number, number] {
  const at = Math.min(Math.max(level, 0), 0.9999) * (RAMP.length - 1);
  const [low, high] = [RAMP[Math.floor(at)], RAMP[Math.floor(at) + 1]] as [readonly number[], readonly number[]];
  const mix = (channel: number) => {
    const [a, b] = [low[channel] as number, high[channel] as number];
    return Math.round(a + (b - a) * (at % 1));
  };
  return [mix(0), mix(1), mix(2)];
}

/** Samples per second as a WAV file says them; browsers would convert to their own. */
function rateOf(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  const wav = bytes.byteLength > 28 && view.getUint32(0) === 0x52494646;
  const rate = wav ? view.getUint32(24, true) : DEFAULT_HZ;
  return rate >= 8000 && rate <= 96_000 ? rate : DEFAULT_HZ;
}

export class Spectrogram extends Drawn {
  private source: string | Blob | null = null;
  private name = "";
  private heard: AudioBuffer | null = null;
  /** What the canvas shows. */
  private painted: AudioBuffer | null = null;
  private error: unknown = null;

  set sound(sound: string | Blob) {
    if (sound === this.source) return;
    this.source = sound;
    this.heard = null;
    void this.load(sound);
  }

  set label(label: string) {
    this.name = label;
    this.changed();
  }

  private async load(sound: string | Blob): Promise<void> {
    this.error = null;
    try {
      const from = typeof sound === "string" ? await request(sound.slice(API.length)) : sound;
      const bytes = await from.arrayBuffer();
      const heard = await new OfflineAudioContext(1, 1, rateOf(bytes)).decodeAudioData(bytes);
      if (this.source === sound) this.heard = heard;
    } catch (error) {
      if (this.source === sound) this.error = error;
    }
    this.changed();
  }

  protected override drawn(): void {
    const canvas = this.querySelector("canvas");
    const heard = this.heard;
    if (canvas === null || heard === null || this.painted === heard) return;
    this.painted = heard;
    const { levels, columns, rows } = spectrum(heard.getChannelData(0), heard.sampleRate, COLUMNS, ROWS);
    const pen = canvas.getContext("2d");
    if (pen === null) return;
    const picture = pen.createImageData(columns, rows);
    for (const [index, level] of levels.entries()) picture.data.set([...ramp(level), 255], index * 4);
    pen.putImageData(picture, 0, 0);
  }

  protected template(): TemplateResult {
    if (this.error) return html`${problem(this.error)}`;
    const heard = this.heard;
    if (heard === null) return loading();
    const pitch = (row: number) => t("spectrogram.khz", { pitch: number(pitchOf(row, ROWS, heard.sampleRate) / 1000, 1) });
    return html`
      <div class="picture">
        <canvas
          width=${COLUMNS}
          height=${ROWS}
          role="img"
          aria-label=${t("spectrogram.of", { name: this.name, time: duration(heard.duration) })}
          data-test="spectrogram"
        ></canvas>
        <ul class="pitches small muted number" aria-hidden="true">
          <li>${pitch(0)}</li>
          <li>${pitch(ROWS / 2)}</li>
          <li>${pitch(ROWS - 1)}</li>
        </ul>
      </div>
      <p class="small muted">${t("spectrogram.hint")}</p>
    `;
  }
}

customElements.define("vl-spectrogram", Spectrogram);
