// Sound that plays in the page: one at a time, and what went wrong said in words.

import { ApiError, refusal } from "../api";

let current: HTMLMediaElement | null = null;

/** From now on this one falls silent when another begins, and the other way round. */
export function takeTurns(media: HTMLMediaElement): void {
  media.addEventListener("play", () => {
    if (current !== media) current?.pause();
    current = media;
  });
}

/** Stops whatever plays, for instance because the microphone is about to listen. */
export function silence(): void {
  current?.pause();
}

/** Lets go of what was loaded, also of a download that is under way. */
export function unload(media: HTMLMediaElement): void {
  media.pause();
  media.removeAttribute("src");
  media.load();
}

/** Why a sound does not play: the server's own sentence when it refused it, else what the browser makes of it. */
export async function trouble(media: HTMLMediaElement, src: string): Promise<ApiError> {
  const refused = src.startsWith("blob:") ? null : await refusal(src);
  if (refused !== null) return refused;
  const broken = media.error?.code === MediaError.MEDIA_ERR_NETWORK;
  const key = broken ? "studio.player.broken_off" : "studio.player.unplayable";
  return new ApiError(0, "UNPLAYABLE", media.error?.message ?? "", key);
}

/** How far an arrow key moves in a sound of this length, in seconds. */
export function keyStep(seconds: number): number {
  return seconds > 60 ? 5 : 1;
}
