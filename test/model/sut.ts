/**
 * The code under test: the production engine, core and memory store, loaded from `src/` or from a patched copy of it.
 *
 * Nothing else in this folder takes a value from `src`, so that a mutant is a mutant everywhere, and so that no check is
 * made with the code it checks.
 */
import { pathToFileURL } from "node:url";

type Execute = typeof import("../../src/engine/execute.ts").execute;
type CreateShared = typeof import("../../src/engine/runtime.ts").createShared;
type MemoryStore = typeof import("../../src/stores/memory.ts").memoryStore;
type DeadlineFrom = typeof import("../../src/core/lease.ts").deadlineFrom;
type Errors = typeof import("../../src/errors.ts");

export interface Sut {
  readonly execute: Execute;
  readonly createShared: CreateShared;
  readonly memoryStore: MemoryStore;
  readonly deadlineFrom: DeadlineFrom;
  readonly StoreUnavailableError: Errors["StoreUnavailableError"];
  readonly ResultNotStorableError: Errors["ResultNotStorableError"];
}

/** `folder`: a `src` folder, absolute. */
export async function loadSut(folder: string): Promise<Sut> {
  const load = async (file: string): Promise<unknown> => await import(pathToFileURL(`${folder}/${file}`).href);
  const parts = await Promise.all(
    ["engine/execute.ts", "engine/runtime.ts", "stores/memory.ts", "core/lease.ts", "errors.ts"].map(load),
  );
  return Object.assign({}, ...parts) as Sut;
}

export const PRODUCTION: string = new URL("../../src", import.meta.url).pathname;
