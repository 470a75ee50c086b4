// How strong each pitch of a sound is, moment by moment: a short-time Fourier transform on a mel scale.

const WINDOW = 1024;
/** What is so much quieter than the loudest is drawn as silence, in dB. */
const RANGE_DB = 80;

export interface Spectrum {
  /** Loudness from 0 (silent) to 1 (the loudest), row by row; the first row is the highest pitch. */
  levels: Float32Array;
  columns: number;
  rows: number;
}

const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
const hertz = (mels: number) => 700 * (10 ** (mels / 2595) - 1);

/** In place, on a length that is a power of two. */
function transform(real: Float32Array, imaginary: Float32Array): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j] as number, real[i] as number];
      [imaginary[i], imaginary[j]] = [imaginary[j] as number, imaginary[i] as number];
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    const half = length >> 1;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / length;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      for (let start = k; start < size; start += length) {
        const [a, b] = [start, start + half];
        const [re, im] = [real[b] as number, imaginary[b] as number];
        const [x, y] = [re * cos - im * sin, re * sin + im * cos];
        real[b] = (real[a] as number) - x;
        imaginary[b] = (imaginary[a] as number) - y;
        real[a] = (real[a] as number) + x;
        imaginary[a] = (imaginary[a] as number) + y;
      }
    }
  }
}

/** The frequency (Hz) in the middle of a row. */
export function pitchOf(row: number, rows: number, rate: number): number {
  return hertz((mel(rate / 2) * (rows - row - 0.5)) / rows);
}

/** Of `samples` at `rate` per second, in a picture of this size. */
export function spectrum(samples: Float32Array, rate: number, columns: number, rows: number): Spectrum {
  const hann = Float32Array.from({ length: WINDOW }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / WINDOW));
  const real = new Float32Array(WINDOW);
  const imaginary = new Float32Array(WINDOW);
  const powers = new Float32Array(WINDOW / 2 + 1);
  const levels = new Float32Array(columns * rows);
  const bins = Array.from({ length: rows }, (_, row) => (pitchOf(row, rows, rate) * WINDOW) / rate);
  let loudest = -Infinity;
  for (let column = 0; column < columns; column++) {
    const start = Math.round(((column + 0.5) * samples.length) / columns) - WINDOW / 2;
    for (let n = 0; n < WINDOW; n++) real[n] = (samples[start + n] ?? 0) * (hann[n] as number);
    imaginary.fill(0);
    transform(real, imaginary);
    for (let bin = 0; bin < powers.length; bin++) {
      powers[bin] = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2;
    }
    for (let row = 0; row < rows; row++) {
      const at = bins[row] as number;
      const low = Math.floor(at);
      const [here, next] = [powers[low] as number, powers[low + 1] ?? 0];
      const level = 10 * Math.log10(here + (next - here) * (at - low) + 1e-12);
      levels[row * columns + column] = level;
      if (level > loudest) loudest = level;
    }
  }
  for (let index = 0; index < levels.length; index++) {
    levels[index] = Math.max(0, 1 + ((levels[index] as number) - loudest) / RANGE_DB);
  }
  return { levels, columns, rows };
}
