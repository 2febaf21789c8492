/**
 * Which fault meets which request: a function of a seed and of the request's place alone (its lane, the record, how many
 * went before it), so that a plan is the same again whatever else runs at the time.
 */

export const FAULTS = [
  /** The connection breaks before the engine saw the request. */
  "refuse",
  /** The engine did it, and the connection breaks before a byte of the answer came back. */
  "loseAnswer",
  /** The engine did it; the answer comes after the client's time-out. */
  "delayAnswer",
  /** The request waits on its way until the client has given up on it, and is done then. */
  "lateRequest",
  /** `ProvisionedThroughputExceededException` or `ThrottlingException`: nothing was done. */
  "throttle",
  /** 500 `InternalServerError`: nothing was done. */
  "serverError",
  /** 503 `ServiceUnavailable`: nothing was done. */
  "unavailable",
  /** The engine did it, and a 500 comes back: DynamoDB says of a 500 that a write may have been applied. */
  "doneBut500",
  /** The connection breaks in the middle of the answer's body. */
  "cutBody",
  /** The answer's body ends in the middle, and its length says that this is all of it. */
  "shortBody",
  /** The engine gets the request twice, and the second answer comes back. */
  "duplicate",
  /** The answer comes back, and the engine gets the request again later. */
  "duplicateLate",
] as const;

export type Fault = (typeof FAULTS)[number];

/** A request as the proxy tells it. */
export interface Place {
  /** Who sends: each process has a lane of its own. */
  readonly lane: string;
  /** The record it is about. */
  readonly id: string;
  /** How many of this lane and record went before it. */
  readonly nth: number;
}

export type FaultPlan = (place: Place) => Fault | undefined;

/** How often a fault happens, out of 100 requests. What is left goes through untouched. */
export type FaultRates = Readonly<Partial<Record<Fault, number>>>;

export const noFaults: FaultPlan = () => undefined;

export function seededPlan(seed: number, rates: FaultRates): FaultPlan {
  const entries = Object.entries(rates) as [Fault, number][];
  return ({ lane, id, nth }) => {
    let drawn = chance(`${seed} ${lane} ${id} ${nth}`) * 100;
    for (const [fault, rate] of entries) {
      if (drawn < rate) return fault;
      drawn -= rate;
    }
    return undefined;
  };
}

/** The nth request of each lane and record meets the nth of these; later ones go through. */
export function listedPlan(...faults: readonly (Fault | undefined)[]): FaultPlan {
  return ({ nth }) => faults[nth];
}

/** From 0 to 1, evenly: FNV-1a with a final mix (murmur3's). */
export function chance(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** Mixtures that suites use, from none to a storm. */
export const RATES: Readonly<Record<"none" | "calm" | "answers" | "cuts" | "times" | "storm", FaultRates>> = {
  none: {},
  calm: { loseAnswer: 5, refuse: 3, throttle: 3, serverError: 1, unavailable: 1, duplicate: 2, cutBody: 1 },
  answers: { loseAnswer: 12, doneBut500: 6, cutBody: 6, shortBody: 4, duplicate: 6, duplicateLate: 4 },
  cuts: { cutBody: 25, shortBody: 30 },
  times: { delayAnswer: 12, lateRequest: 12, loseAnswer: 6, duplicateLate: 6 },
  storm: {
    refuse: 6,
    loseAnswer: 8,
    delayAnswer: 6,
    lateRequest: 5,
    throttle: 6,
    serverError: 3,
    unavailable: 3,
    doneBut500: 3,
    cutBody: 3,
    shortBody: 2,
    duplicate: 3,
    duplicateLate: 3,
  },
};
