/** Recorded events with parts taken out or replaced by anything: always an answer, never a TypeError, never a second run. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idempotentHttp } from "../../src/index.ts";
import { eventOf, headersOf, type Json, SHAPES } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

/** Every path into a value, such as ["headers", "accept"]. */
function pathsOf(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))];
}

const DELETED = Symbol("deleted");

function changed(event: Json, path: readonly string[], value: unknown): Json {
  const [name, ...rest] = path;
  if (name === undefined) return value === DELETED ? undefined : value;
  if (typeof event !== "object" || event === null) return event;
  const member = changed(event[name], rest, value);
  if (rest.length === 0 && value === DELETED) delete event[name];
  else event[name] = member;
  return event;
}

const replacement = fc.oneof(
  fc.constantFrom<unknown>(DELETED, null, undefined, "", 0, Number.NaN, true, [], {}, [null], [[]], { http: null }, 5n),
  fc.constantFrom<unknown>(
    () => 1,
    Symbol("x"),
    new Date(0),
    new Map(),
    Object.create(null),
    "\ud800",
    "k".repeat(300),
  ),
  fc.anything({ maxDepth: 1 }),
);

describe.each(SHAPES)("$name", (shape) => {
  const paths = pathsOf(eventOf(shape));
  const changes = fc.array(fc.tuple(fc.constantFrom(...paths), replacement), { minLength: 1, maxLength: 4 });

  test("an event with parts changed gets an answer: the handler's, a replay of it, or a problem", async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), async (edits, requireKey) => {
        let runs = 0;
        const handler = idempotentHttp(async (_event: Json) => ({ statusCode: 201, body: `run ${++runs}` }), {
          store: probeStore(),
          operation: "pay",
          requireKey,
        }) as (event: Json, context: unknown) => Promise<Json>;
        const event = (): Json =>
          edits.reduce((made, [path, value]) => changed(made, path, value), eventOf(shape) as Json);
        for (const nth of [1, 2]) {
          const response = await handler(event(), lambdaContext());
          if (response.statusCode === 201) {
            const isReplay = headersOf(response)["idempotent-replayed"] === "true";
            expect(response.body).toBe(isReplay ? "run 1" : `run ${nth}`);
          } else {
            expect(response.statusCode).toBe(400);
            expect(JSON.parse(response.body).status).toBe(400);
            expect(runs).toBe(0);
          }
        }
      }),
      { numRuns: 1_500 },
    );
  });
});
