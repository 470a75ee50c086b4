// The REST API of the gateway. Every refusal is an ApiError whose sentence can be shown in either language.

import { language, text } from "./i18n";
import type {
  Args,
  Correction,
  Estimates,
  FileType,
  Metrics,
  NewTask,
  Outputs,
  Pack,
  Page,
  Recording,
  Report,
  Speech,
  StageName,
  Task,
  TaskStatus,
  Transcripts,
} from "./types";

const API = "/api/v1";

interface FieldProblem {
  field: string;
  message: string;
  key?: string;
  args?: Args;
}

/** What the gateway refused, or that it did not answer (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    private readonly detail: string,
    private readonly key: string | null = null,
    private readonly args: Args = {},
    readonly problems: FieldProblem[] = [],
  ) {
    super(detail);
  }

  /** The sentence for people, in the language that they read now. */
  sentence(): string {
    if (this.key === null) return this.detail;
    const found = text(this.key, this.args);
    return found === this.key ? this.detail : found;
  }
}

/** The sentence of anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return error.sentence();
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong with one field of a request, in the reader's language; null when the server says nothing of it. */
export function problemWith(error: ApiError, field: string): string | null {
  const found = error.problems.find((problem) => problem.field === field);
  if (found === undefined) return null;
  const said = found.key === undefined ? "" : text(found.key, found.args ?? {});
  return said === "" || said === found.key ? found.message : said;
}

export function unreachable(): ApiError {
  return new ApiError(0, "UNREACHABLE", "The server does not answer", "studio.unreachable");
}

function problemOf(status: number, body: string): ApiError {
  try {
    const error = JSON.parse(body);
    return new ApiError(status, error.code, error.detail, error.key ?? null, error.args ?? {}, error.errors ?? []);
  } catch {
    return new ApiError(status, "UNKNOWN", `HTTP ${status}`);
  }
}

/** A request; answers the response when it is a success. Throws ApiError, or what `signal` throws when it is aborted. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    // Words inside the arguments of a refusal come ready-made.
    const headers = { "Accept-Language": language(), ...init.headers };
    response = await fetch(API + path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw unreachable();
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

/** Why the server refuses an address that an element asked for by itself; null when it does not refuse it. */
export async function refusal(url: string): Promise<ApiError | null> {
  try {
    const response = await fetch(url, { headers: { Range: "bytes=0-0" } });
    if (!response.ok) return problemOf(response.status, await response.text());
    await response.body?.cancel();
    return null;
  } catch {
    return unreachable();
  }
}

async function json<T>(path: string, init: RequestInit = {}): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}

function body(method: string, content: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, body: JSON.stringify(content), headers: { "Content-Type": "application/json", ...headers } };
}

function query(params: Record<string, string | number | undefined>): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

const task = (id: string) => `/tasks/${encodeURIComponent(id)}`;

export const pack = () => json<Pack>("/packs");
export const getFile = (id: string) => json<Recording>(`/files/${encodeURIComponent(id)}`);
export const deleteFile = (id: string) => request(`/files/${encodeURIComponent(id)}`, { method: "DELETE" });
export const fileUrl = (id: string) => `${API}/files/${encodeURIComponent(id)}/download`;
export const report = (id: string, signal?: AbortSignal) =>
  json<Report>(`/files/${encodeURIComponent(id)}/report`, signal ? { signal } : {});
export const estimate = (usableSeconds: number, signal: AbortSignal) =>
  json<Estimates>(`/estimate${query({ usable_seconds: usableSeconds })}`, { signal });
/** `key` is the same for every try of one click, so that a lost answer makes no second task. */
export const createTask = (asked: NewTask, key: string) =>
  json<Task>("/tasks", body("POST", asked, { "Idempotency-Key": key }));
export const tasks = (status: TaskStatus | "", search: string, limit: number, offset: number) =>
  json<Page<Task>>(`/tasks${query({ status, search, limit, offset })}`);
export const getTask = (id: string) => json<Task>(task(id));
export const cancel = (id: string) => request(task(id), { method: "DELETE" });
export const purge = (id: string) => request(`${task(id)}?purge=true`, { method: "DELETE" });
export const resume = (id: string) => json<Task>(`${task(id)}/resume`, { method: "POST" });
export const retry = (id: string, from?: StageName) =>
  json<Task>(`${task(id)}/retry${query({ from_stage: from })}`, { method: "POST" });
export const outputs = (id: string) => json<Outputs>(`${task(id)}/outputs`);
export const transcripts = (id: string) => json<Transcripts>(`${task(id)}/transcripts`);
export const correct = (id: string, items: Correction[]) =>
  json<Transcripts>(`${task(id)}/transcripts`, body("PUT", { items }));
export const metrics = (id: string) => json<Metrics>(`${task(id)}/metrics`);
export const speak = async (id: string, speech: Speech, signal: AbortSignal) =>
  (await request(`${task(id)}/speak`, { ...body("POST", speech), signal })).blob();
export const outputUrl = (id: string, type: FileType, name: string) =>
  `${API}${task(id)}/outputs/${type}/${name.split("/").map(encodeURIComponent).join("/")}`;

/** Sends a recording and tells how much of it has left (0..1); fetch cannot tell that. */
export function upload(
  file: File,
  transcript: string,
  progress: (share: number) => void,
  signal: AbortSignal,
  key: string,
): Promise<Recording> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", `${API}/files`);
    sending.setRequestHeader("Idempotency-Key", key);
    sending.setRequestHeader("Accept-Language", language());
    sending.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    sending.onerror = () => reject(unreachable());
    sending.onabort = () => reject(new DOMException("aborted", "AbortError"));
    sending.onload = () =>
      sending.status === 200
        ? resolve(JSON.parse(sending.responseText) as Recording)
        : reject(problemOf(sending.status, sending.responseText));
    signal.addEventListener("abort", () => sending.abort());
    const form = new FormData();
    if (transcript) form.append("transcript", transcript);
    form.append("file", file, file.name);
    sending.send(form);
  });
}
