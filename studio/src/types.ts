// The JSON of the REST contract, as far as the page uses it.

export type Args = Record<string, string>;

/** A sentence of the server: ready-made in one language, and as key and arguments for any. */
export interface Sentence {
  message: string | null;
  message_key: string | null;
  message_args: Args;
}

export type Quality = "fast" | "standard" | "high";
export type TaskStatus = "queued" | "running" | "completed" | "failed" | "cancelled" | "interrupted";
export type StageStatus = "pending" | "running" | "completed" | "failed" | "cancelled" | "skipped";

export const QUALITIES: readonly Quality[] = ["fast", "standard", "high"];
export const STAGES = [
  "audio_slice",
  "asr",
  "text_feature",
  "hubert_feature",
  "semantic_token",
  "sovits_train",
  "gpt_train",
  "inference",
] as const;
export type StageName = (typeof STAGES)[number];
export const TASK_STATUSES: readonly TaskStatus[] = [
  "queued",
  "running",
  "interrupted",
  "completed",
  "failed",
  "cancelled",
];

export interface Stage extends Sentence {
  name: StageName;
  status: StageStatus;
  progress: number;
  started_at: string | null;
  completed_at: string | null;
  seconds: number | null;
}

export interface TaskError {
  code: string;
  stage: StageName | null;
  detail: string;
  key: string;
  args: Args;
}

export interface Task extends Sentence {
  id: string;
  exp_name: string;
  status: TaskStatus;
  quality: Quality;
  language: string;
  detected_language: string | null;
  current_stage: StageName | null;
  progress: number;
  stages: Stage[];
  error: TaskError | null;
  queue_position: number | null;
  audio_file_ids: string[];
  expert: Expert | null;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

/** Nothing happens in it any more until somebody starts it again. */
export function hasEnded(task: Task): boolean {
  return ["completed", "failed", "cancelled"].includes(task.status);
}

export interface Page<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
}

export interface Recording {
  file_id: string;
  filename: string;
  size_bytes: number;
  seconds: number;
  sample_rate: number;
  channels: number;
  sha256: string;
  created_at: string;
}

export interface ReportClip {
  id: string;
  start: number;
  seconds: number;
  kept: boolean;
  drop_reason: string | null;
  loudness_lufs: number;
  snr_db: number;
}

export type Outlook = "unusable" | "poor" | "fair" | "good";

export interface Report {
  file_id: string;
  seconds: number;
  speech_seconds: number;
  usable_seconds: number;
  silence_ratio: number;
  clipping_ratio: number;
  snr_db: number;
  loudness_lufs: number;
  sample_rate: number;
  channels: number;
  clips: ReportClip[];
  peaks: number[];
  outlook: Outlook;
  verdict: string;
  verdict_key: string;
  verdict_args: Args;
  warnings: Sentence[];
  problem: { code: string; detail: string; key: string; args: Args } | null;
}

export interface Estimate {
  quality: Quality;
  seconds: number;
  least_seconds: number;
  most_seconds: number;
  basis: "history" | "measured";
}

export interface Estimates {
  items: Estimate[];
  tasks_before: number;
  wait_seconds: number;
}

export interface Word {
  text: string;
  start: number;
  end: number;
  probability: number;
}

export interface Transcript {
  clip_id: string;
  start: number;
  seconds: number;
  text: string;
  recognised_text: string;
  language: string;
  confidence: number;
  kept: boolean;
  drop_reason: string | null;
  corrected: boolean;
  dropped: boolean;
  words: Word[];
}

export interface Transcripts {
  task_id: string;
  language: string;
  aligned: boolean;
  pending: boolean;
  items: Transcript[];
}

export interface Correction {
  clip_id: string;
  text?: string | null;
  dropped?: boolean;
}

export interface CurvePoint {
  step: number;
  epoch: number;
  losses: Record<string, number>;
}

export interface Curve {
  stage: StageName;
  total_steps: number;
  total_epochs: number;
  batch_size: number;
  points: CurvePoint[];
}

export interface Metrics {
  task_id: string;
  curves: Curve[];
}

export interface Output {
  filename: string;
  gpt_model: string;
  sovits_model: string;
  size_bytes: number;
  created_at: string | null;
  seconds: number;
  word_error_rate: number;
  speaker_similarity: number;
  heard_text: string;
  speech_ratio: number;
  length_ratio: number;
  best: boolean;
}

export interface Model {
  kind: "gpt" | "sovits";
  filename: string;
  epoch: number;
  size_bytes: number;
  best: boolean;
}

export interface Outputs {
  task_id: string;
  ref_text: string | null;
  ref_audio_path: string | null;
  target_text: string | null;
  outputs: Output[];
  models: Model[];
}

export type FileType = "output" | "ref_audio" | "gpt_model" | "sovits_model" | "clip";

export interface Pack {
  name: string;
  family: string;
  version: string;
  languages: string[];
  sample_rate: number;
}

export interface Expert {
  min_clip_seconds?: number;
  max_clip_seconds?: number;
  sovits_epochs?: number;
  gpt_epochs?: number;
  sovits_batch_size?: number;
  gpt_batch_size?: number;
  sovits_learning_rate?: number;
  gpt_learning_rate?: number;
  sovits_save_every_epochs?: number;
  gpt_save_every_epochs?: number;
}

export interface NewTask {
  exp_name: string;
  audio_file_ids: string[];
  options: {
    quality: Quality;
    language: string;
    transcript?: string;
    inference?: { target_text?: string };
    expert?: Expert;
  };
}

export interface Speech {
  text: string;
  language?: string;
  speed?: number;
  temperature?: number;
  top_k?: number;
  top_p?: number;
  repetition_penalty?: number;
  seed?: number;
}
