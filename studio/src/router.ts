// Addresses are "#/..." only: the gateway's own paths belong to the API.

export type Route =
  | { name: "train" }
  | { name: "tasks"; search: URLSearchParams }
  | { name: "task"; id: string; tab: TaskTab }
  | { name: "missing" };

export const TASK_TABS = ["progress", "proofread", "result"] as const;
export type TaskTab = (typeof TASK_TABS)[number];

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  if (parts.length === 0) return { name: "train" };
  if (parts[0] !== "tasks" || parts.length > 3) return { name: "missing" };
  if (parts[1] === undefined) return { name: "tasks", search: new URLSearchParams(search) };
  const tab = (parts[2] ?? "progress") as TaskTab;
  return TASK_TABS.includes(tab) ? { name: "task", id: parts[1], tab } : { name: "missing" };
}

export function taskHref(id: string, tab: TaskTab = "progress"): string {
  return tab === "progress" ? `#/tasks/${encodeURIComponent(id)}` : `#/tasks/${encodeURIComponent(id)}/${tab}`;
}

export function go(href: string): void {
  location.hash = href;
}
