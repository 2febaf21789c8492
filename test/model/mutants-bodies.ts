/** Mutants of results that lie beside their records (G27). See `mutants-list.ts`. */
import type { Row } from "./mutants-list.ts";

const RESULTS = "engine/results.ts";
const SETTLE = "engine/settle.ts";
const EXECUTE = "engine/execute.ts";

const BESIDE = "a body beside the record";
const STRAYS = "a body, stray requests";

const WRITES = "return { ref: await ask(runtime, call, giveUpAt, () => bodies.put({ id, owner, expiresAt, data })) };";
const REFUSED = "if (!result.ok) return await completeUnstorable(s, withoutCall(result.error, s.call), result.error);";
const REPLAYED = "if (recalled.stored !== undefined) policy.emit";

export const BODIES: readonly Row[] = [
  [
    "the record does not wait for its body",
    "G27",
    BESIDE,
    RESULTS,
    WRITES,
    "void bodies.put({ id, owner, expiresAt, data }).catch(() => {});\n  return { ref: [id, owner].join('#') };",
  ],
  [
    "a body that failed counts as written",
    "G27",
    BESIDE,
    RESULTS,
    WRITES,
    "await ask(runtime, call, giveUpAt, () => bodies.put({ id, owner, expiresAt, data })).catch(() => {});\n  return { ref: [id, owner].join('#') };",
  ],
  [
    "a body that failed leaves the record in progress",
    "G11",
    BESIDE,
    SETTLE,
    REFUSED,
    "if (!result.ok) return { ending: ending(s.outcome), stored: undefined };",
  ],
  ["a body that failed releases the key", "G11", BESIDE, SETTLE, REFUSED, "if (!result.ok) return await release(s);"],
  [
    "a body's write is not tried again",
    "G13",
    BESIDE,
    SETTLE,
    "return tryUntil(runtime, giveUpAt, () => writeBody(",
    "return tryUntil(runtime, 0, () => writeBody(",
  ],
  [
    "a body expires with its record",
    "G27",
    BESIDE,
    RESULTS,
    "const expiresAt = recordExpiresAt + Math.ceil(toleranceMs / 1_000) + BODY_OUTLIVES_SECONDS;",
    "const expiresAt = recordExpiresAt;",
  ],
  [
    "two attempts share a body",
    "G6",
    STRAYS,
    RESULTS,
    WRITES,
    'return { ref: await ask(runtime, call, giveUpAt, () => bodies.put({ id, owner: "", expiresAt, data })) };',
  ],
  [
    "what cannot be read runs without protection",
    "G10",
    STRAYS,
    EXECUTE,
    REPLAYED,
    `if (recalled.stored === undefined) return { ending: await runUnprotected(runtime, policy, call), stored: undefined };\n      ${REPLAYED}`,
  ],
  [
    "a replay from a body is not marked",
    "G6",
    BESIDE,
    EXECUTE,
    "const recalled = await recall(runtime, policy, call, acquired.record, giveUpAt);",
    'const recalled = { ...(await recall(runtime, policy, call, acquired.record, giveUpAt)) };\n      if (recalled.ending.kind === "returned") recalled.ending = { ...recalled.ending, replayed: false };',
  ],
];
