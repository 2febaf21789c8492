/** Events as AWS's documentation records them. Each call reads a fresh one, as each delivery is. */
import { readFileSync } from "node:fs";

// biome-ignore lint/suspicious/noExplicitAny: tests change anything anywhere
export function recorded(file: string, change: (event: any) => void = () => {}): any {
  const event: unknown = JSON.parse(readFileSync(`${import.meta.dirname}/../sources/events/${file}.json`, "utf8"));
  change(event);
  return event;
}
