/** What a thrown value says, for messages. Whatever was thrown, reading it never throws, and never takes a page. */

const LONGEST = 500;

export function said(thrown: unknown): string {
  return shortened(() => (thrown instanceof Error ? `${thrown.message}` : String(thrown)));
}

/** The name of an error, where it has one that can be read. */
export function nameOfError(thrown: unknown): string | undefined {
  return shortened(() => (thrown instanceof Error && typeof thrown.name === "string" ? thrown.name : "")) || undefined;
}

/** Cut to what a message, or a record, has room for. */
export function shortened(read: () => string): string {
  try {
    const text = read();
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  } catch {
    return "something that cannot be read";
  }
}
