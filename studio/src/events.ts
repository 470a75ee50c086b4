// The events of one task, by fetch, so that a stream can go on exactly after the last event that was seen: none is lost
// and none comes twice, whatever breaks in between (page asleep, network gone, server restarted).

import { request, ApiError } from "./api";
import type { Args, StageName, TaskStatus } from "./types";

export interface TaskEvent {
  name: "progress" | "log" | "completed" | "failed" | "cancelled";
  /** Sequence of the event within its task. */
  id: number;
  data: {
    stage?: StageName | null;
    status?: TaskStatus;
    progress?: number;
    stage_progress?: number;
    eta_seconds?: number | null;
    message: string | null;
    message_key: string | null;
    message_args: Args;
    level?: string;
    code?: string;
  };
}

export type Connection = "open" | "lost" | "ended" | "gone";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** The server beats every 15 s at the latest; a stream that is silent for longer is dead. */
const SILENCE_MS = 40_000;
const AWAKE_SILENCE_MS = 20_000;

/** Follows a task until it ends, `stop` is called, or the task is gone; what came after the event `last` is told first. */
export function follow(
  taskId: string,
  last: number,
  onEvent: (event: TaskEvent) => void,
  onConnection: (state: Connection) => void,
): { stop: () => void } {
  let stopped = false;
  let heard = Date.now();
  let abort = new AbortController();
  let wake: () => void = () => {};

  async function run(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!stopped) {
      abort = new AbortController();
      try {
        const headers = { Accept: "text/event-stream", "Last-Event-ID": String(last) };
        const path = `/tasks/${encodeURIComponent(taskId)}/progress`;
        const response = await request(path, { headers, signal: abort.signal });
        if (response.status === 204) return onConnection("ended");
        onConnection("open");
        pause = FIRST_PAUSE_MS;
        if (await read(response)) return onConnection("ended");
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return onConnection("gone");
      }
      if (stopped) return;
      onConnection("lost");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Reads one stream; answers whether the task has ended. Throws when the stream breaks off. */
  async function read(response: Response): Promise<boolean> {
    if (response.body === null) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const abortion = abort;
    let buffer = "";
    // A task that runs again has an end in the middle of its history: only the last event of a stream ends it.
    let ended = false;
    for (;;) {
      const silence = setTimeout(() => abortion.abort(), SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      heard = Date.now();
      if (done) return ended;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parse(block);
        if (event === null || event.id <= last) continue;
        last = event.id;
        ended = event.name !== "progress" && event.name !== "log";
        onEvent(event);
      }
    }
  }

  const onWake = () => {
    if (document.visibilityState !== "visible") return;
    wake();
    // What was asleep for a while may hold a connection that is dead without knowing it.
    if (Date.now() - heard > AWAKE_SILENCE_MS) abort.abort();
  };
  document.addEventListener("visibilitychange", onWake);
  window.addEventListener("online", onWake);
  void run();
  return {
    stop() {
      stopped = true;
      abort.abort();
      wake();
      document.removeEventListener("visibilitychange", onWake);
      window.removeEventListener("online", onWake);
    },
  };
}

/** One block of a stream (WHATWG HTML, 9.2.6) as an event; null for heartbeats and comments. */
function parse(block: string): TaskEvent | null {
  let name = "message";
  let id = "";
  let data = "";
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    else if (field === "id") id = value;
    else if (field === "data") data += value;
  }
  if (id === "") return null;
  return { name: name as TaskEvent["name"], id: Number(id), data: JSON.parse(data) };
}
