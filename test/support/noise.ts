/** Text that compression cannot do much about: the same for the same seed, three quarters of its length at best. */
import { createHash } from "node:crypto";

export function noise(bytes: number, seed = "noise"): string {
  let text = "";
  for (let i = 0; text.length < bytes; i++) text += createHash("sha512").update(`${seed} ${i}`).digest("base64");
  return text.slice(0, bytes);
}
