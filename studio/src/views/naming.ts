// Names of voices: what they may be, one made of a file's name, another one when it is taken.

import * as api from "../api";

const LONGEST = 64;
/** More voices of one name than these are not looked at. */
const LOOKED_AT = 100;

/** A name of letters, digits, - and _, made from what a file is called. */
export function nameFrom(filename: string): string {
  const stem = filename.replace(/\.[^.]*$/, "").normalize("NFC");
  const cleaned = stem.replace(/[^\p{L}\p{M}\p{Nd}_-]+/gu, "-").replace(/^[-\p{M}]+|-+$/gu, "");
  return [...cleaned].slice(0, LONGEST).join("");
}

export function nameIsValid(name: string): boolean {
  const length = [...name.normalize("NFC")].length;
  return length >= 1 && length <= LONGEST && /^[\p{L}\p{Nd}_-][\p{L}\p{M}\p{Nd}_-]*$/u.test(name.normalize("NFC"));
}

/** "voice-2" for "voice", "voice-3" for "voice-2": the first that no task has. Throws when the server does not answer. */
export async function freeName(taken: string): Promise<string> {
  const stem = taken.replace(/-\d+$/, "") || taken;
  const numbered = (count: number) => {
    const end = `-${count}`;
    return [...stem].slice(0, LONGEST - end.length).join("") + end;
  };
  const others = await api.tasks("", [...stem].slice(0, LONGEST - 4).join(""), LOOKED_AT, 0);
  const names = new Set([taken, ...others.items.map((task) => task.exp_name)].map((name) => name.toLowerCase()));
  let count = 2;
  while (names.has(numbered(count).toLowerCase())) count++;
  return numbered(count);
}
