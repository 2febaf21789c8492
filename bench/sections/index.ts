/** All sections, in the order in which they run and are shown. */
import type { Section } from "../harness/section.ts";
import { batch } from "./batch.ts";
import { capacity } from "./capacity.ts";
import { cold } from "./cold.ts";
import { engine } from "./engine.ts";
import { growth } from "./growth.ts";
import { load } from "./load.ts";
import { own } from "./own.ts";
import { size } from "./size.ts";
import { wire } from "./wire.ts";

export const SECTIONS: readonly Section[] = [cold, own, engine, wire, capacity, size, batch, load, growth];
