/**
 * What the engine was asked to do, in the order in which it did it: whether each write that it applied was one that the
 * protocol may make in that state, and whether everyone who ran had been told that the key was theirs.
 */
import type { FaultProxy, Taken, WireItem } from "./fault-proxy.ts";
import type { Call, Terms } from "./history.ts";

interface Item {
  readonly status: string;
  readonly owner: string;
  readonly fence: number;
  readonly attempts: number;
  readonly leaseUntil: number;
  readonly expiresAt: number;
  readonly createdAt: number;
}

interface Write {
  readonly order: number;
  readonly at: number;
  readonly item: Item;
}

function read(item: WireItem): Item {
  const number = (name: string): number => Number(item[name]?.N ?? Number.NaN);
  return {
    status: item["status"]?.S ?? "",
    owner: item["owner"]?.S ?? "",
    fence: number("fence"),
    attempts: number("attempts"),
    leaseUntil: number("lease_until"),
    expiresAt: number("expires_at"),
    createdAt: number("created_at"),
  };
}

/** A body has no status: it lies beside its record. */
function isBody(item: WireItem | undefined): boolean {
  return item !== undefined && item["status"] === undefined;
}

/** G27: a record that refers to a body was written after that body. */
export function danglingBodies({ log }: FaultProxy): readonly string[] {
  const firstOf = new Map<string, number>();
  const applied = log.flatMap(({ id, item, taken }) =>
    item === undefined ? [] : taken.filter((one) => one.applied).map(({ order }) => ({ id, item, order })),
  );
  for (const { id, item, order } of applied)
    if (isBody(item)) firstOf.set(`item:${id}`, Math.min(order, firstOf.get(`item:${id}`) ?? order));
  return applied.flatMap(({ id, item, order }) => {
    const ref = item["result_ref"]?.S;
    if (ref === undefined || (firstOf.get(ref) ?? Number.POSITIVE_INFINITY) < order) return [];
    return [`G27: ${id} refers to ${ref}, which was not there`];
  });
}

export function illegalWrites({ log, removals }: FaultProxy, terms: Terms): readonly string[] {
  const ids = new Set(log.map(({ id }) => id));
  return [...ids].flatMap((id) => {
    const writes: Write[] = log
      .filter((exchange) => exchange.id === id && exchange.item !== undefined && !isBody(exchange.item))
      .flatMap(({ item = {}, taken }) =>
        taken.filter(({ applied }) => applied).map(({ order, at }) => ({ order, at, item: read(item) })),
      );
    const gone = removals
      .filter((removal) => removal.id === id)
      .map(({ order, at }) => ({ order, at, item: undefined }));
    const steps = [...writes, ...gone].sort((a, b) => a.order - b.order);
    let now: Item | undefined;
    let fence = 0;
    let removedAt = 0;
    return steps.flatMap((step) => {
      const before = now;
      now = step.item;
      if (step.item === undefined) {
        removedAt = step.at;
        return [];
      }
      const next = step.item;
      const wrong =
        next.status === "IN_PROGRESS" ? wrongClaim(before, step as Write, terms) : wrongSettle(before, next);
      const found = wrong === undefined ? [] : [wrong];
      if (next.status === "IN_PROGRESS") {
        // A claim that was on its way when the record was deleted finds nothing of what was there.
        const wasOnItsWay = before === undefined && next.createdAt <= removedAt;
        if (!(next.fence > fence) && !wasOnItsWay) found.push(`G1: the fence ${next.fence} is not above ${fence}`);
        if (!(next.expiresAt * 1_000 > next.leaseUntil)) found.push("G14: it expires within its lease");
        fence = Math.max(fence, next.fence);
      }
      return found.map((what) => `${what}: ${JSON.stringify(before)} became ${JSON.stringify(next)} (${id})`);
    });
  });
}

function wrongClaim(before: Item | undefined, { at, item }: Write, terms: Terms): string | undefined {
  if (before === undefined) return item.attempts === 1 ? undefined : "a first attempt is not counted as 1";
  if (before.status === "IN_PROGRESS" && at <= before.leaseUntil + terms.toleranceMs)
    return "G9: a live lease was taken over";
  if (before.status === "COMPLETED" && at < before.expiresAt * 1_000) return "G5: an outcome was claimed over";
  const expired = at >= before.expiresAt * 1_000;
  if (item.attempts !== before.attempts + 1 && !(expired && item.attempts === 1)) return "attempts are not counted on";
  return undefined;
}

function wrongSettle(before: Item | undefined, next: Item): string | undefined {
  if (before?.status !== "IN_PROGRESS") return "G2: written where nothing was in progress";
  if (before.owner !== next.owner || before.fence !== next.fence) return "G2: written over another's claim";
  return undefined;
}

interface Claim {
  readonly lane: string;
  readonly id: string;
  readonly owner: string;
  readonly fence: number;
  /** Whether an answer said that it was there, to a client that was still listening. */
  readonly told: boolean;
  /** Whether it did so soon enough to be heard, and before the lease was about to end. */
  readonly toldInTime: boolean;
  readonly applied: boolean;
}

/** How long a claim's lease is, and how long its client waits for an answer. */
interface Times {
  readonly leaseMs: number;
  readonly timeoutMs: number;
}

/** What is answered this much earlier than it must be was heard. */
const HEARD_MS = 120;

function claimsOf({ log }: FaultProxy, times: Times = { leaseMs: 0, timeoutMs: 0 }): readonly Claim[] {
  return log.flatMap(({ lane, id, item, taken, delivered }) => {
    if (item?.["status"]?.S !== "IN_PROGRESS") return [];
    const { owner, fence, leaseUntil } = read(item);
    const told = delivered !== undefined && saysMine(item, delivered);
    const made = leaseUntil - times.leaseMs;
    const toldInTime = told && delivered.at < made + Math.min(times.timeoutMs, times.leaseMs) - HEARD_MS;
    return [{ lane, id, owner, fence, told, toldInTime, applied: taken.some(({ applied }) => applied) }];
  });
}

function saysMine(item: WireItem, { applied, seen }: Taken): boolean {
  return applied || (seen?.["owner"]?.S === item["owner"]?.S && seen?.["status"]?.S === "IN_PROGRESS");
}

/** G10: whoever ran had a whole answer of the engine's that said so. A process is called as its lane. */
export function ranUntold(proxy: FaultProxy, calls: readonly Call[]): readonly string[] {
  const told = new Set(claimsOf(proxy).flatMap((claim) => (claim.told ? [`${claim.lane} ${claim.fence}`] : [])));
  return calls.flatMap(({ name, process, runs }) =>
    runs
      .filter(({ fence }) => !told.has(`${process} ${fence}`))
      .map(({ fence }) => `G10: ${name} ran with the fence ${fence}, and no answer told ${process} that it was its`),
  );
}

/** G11, G12: what the library asked to write at the end of a run, applied or not, is what the run came to. */
export function wrongSettlements({ log }: FaultProxy, calls: readonly Call[], terms: Terms): readonly string[] {
  const cameOf = new Map(
    calls.flatMap(({ process, runs }) => runs.map((run) => [`${process} ${run.fence}`, run] as const)),
  );
  return log.flatMap(({ lane, id, item }) => {
    if (item === undefined || isBody(item)) return [];
    const { status, fence } = read(item);
    if (status === "IN_PROGRESS") return [];
    const came = cameOf.get(`${lane} ${fence}`)?.came?.kind;
    const keeps = came !== undefined && (came !== "threw" || terms.storesErrors);
    if (came !== undefined && status === (keeps ? "COMPLETED" : "RELEASED")) return [];
    return [
      `G11, G12: a run that ${came ?? "has not ended"} was settled as ${status} (${lane}, fence ${fence}, ${id})`,
    ];
  });
}

/** G3: who was told that the key is its, also by a refusal of its own earlier write, runs. */
export function toldNotRun(proxy: FaultProxy, calls: readonly Call[], times: Times): readonly string[] {
  const ran = new Set(calls.flatMap(({ process, runs }) => runs.map(({ fence }) => `${process} ${fence}`)));
  return claimsOf(proxy, times)
    .filter(({ lane, fence, toldInTime }) => toldInTime && !ran.has(`${lane} ${fence}`))
    .map(
      ({ lane, fence, id }) =>
        `G3: ${lane} was told that its claim with the fence ${fence} stands, and did not run (${id})`,
    );
}

/** Sets, for each call, how many claims of its may have been applied beside the one that it ran for. */
export function countUnseen(proxy: FaultProxy, calls: readonly Call[]): void {
  const applied = claimsOf(proxy).filter((claim) => claim.applied);
  const ownerOf = (lane: string, fence: number): string | undefined =>
    applied.find((claim) => claim.lane === lane && claim.fence === fence)?.owner;
  const owners = new Set(calls.flatMap(({ process, runs }) => runs.map(({ fence }) => ownerOf(process, fence))));
  for (const call of calls) {
    const [run] = call.runs;
    const owner = run && ownerOf(call.process, run.fence);
    const others = applied.filter((claim) =>
      run === undefined
        ? claim.lane === call.process && !owners.has(claim.owner)
        : claim.owner === owner && claim.fence !== run.fence,
    );
    call.unseen = others.length;
  }
}
