// Records in the browser: what was said becomes a file like any other.

import { html, nothing, type TemplateResult } from "lit-html";
import { clock, t } from "../i18n";
import { announce, update } from "../view";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export class Recorder {
  private recorder: MediaRecorder | null = null;
  private chunks: Blob[] = [];
  private began = 0;
  private level = 0;
  private timer = 0;
  private wanted = true;
  private sound: AudioContext | null = null;
  /** Key of the sentence that says why there is no recording. */
  private trouble = "";

  constructor(private readonly done: (file: File) => void) {}

  /** Stops, and keeps nothing. */
  close(): void {
    this.stop(false);
  }

  private async start(): Promise<void> {
    this.trouble = "";
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      this.trouble = refused ? "record.refused" : "record.no_microphone";
      announce(t(this.trouble));
      update();
      return;
    }
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
    const recorder = new MediaRecorder(stream, { ...(mimeType ? { mimeType } : {}), audioBitsPerSecond: 128_000 });
    this.chunks = [];
    this.wanted = true;
    recorder.ondataavailable = (event) => this.chunks.push(event.data);
    recorder.onstop = () => this.finish(stream, recorder.mimeType);
    recorder.start(1000);
    this.recorder = recorder;
    this.began = Date.now();
    this.meter(stream);
    announce(t("record.running"));
    update();
  }

  private meter(stream: MediaStream): void {
    const sound = new AudioContext();
    const analyser = sound.createAnalyser();
    sound.createMediaStreamSource(stream).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    this.sound = sound;
    this.timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      this.level = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      update();
    }, 100);
  }

  private stop(keep: boolean): void {
    this.wanted = keep;
    if (this.recorder?.state === "recording") this.recorder.stop();
  }

  private finish(stream: MediaStream, mimeType: string): void {
    clearInterval(this.timer);
    for (const track of stream.getTracks()) track.stop();
    void this.sound?.close();
    this.recorder = null;
    if (this.wanted) {
      const type = mimeType.split(";")[0] || "audio/webm";
      const ending = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] ?? "webm";
      const stamp = new Date(this.began).toISOString().slice(0, 19).replace(/[-:T]/g, "");
      this.done(new File(this.chunks, `${t("record.file")}-${stamp}.${ending}`, { type }));
    }
    this.chunks = [];
    update();
  }

  button(): TemplateResult | typeof nothing {
    if (this.recorder !== null || !navigator.mediaDevices) return nothing;
    return html`<button type="button" data-test="record" @click=${() => this.start()}>${t("record.start")}</button>`;
  }

  panel(): TemplateResult | typeof nothing {
    if (this.trouble) return html`<p class="notice bad" role="alert">${t(this.trouble)}</p>`;
    if (this.recorder === null) return nothing;
    return html`
      <div class="notice stack">
        <p class="muted">${t("record.read")}</p>
        <p class="lead">${t("record.text")}</p>
        <div class="row">
          <strong class="number">${clock((Date.now() - this.began) / 1000)}</strong>
          <meter class="grow" min="0" max="1" high="0.98" .value=${this.level} aria-label=${t("record.level")}></meter>
          <button type="button" class="primary" data-test="stop-record" @click=${() => this.stop(true)}>
            ${t("record.stop")}
          </button>
          <button type="button" @click=${() => this.stop(false)}>${t("record.discard")}</button>
        </div>
      </div>
    `;
  }
}
