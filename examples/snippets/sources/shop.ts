// Stands for everything that must happen once: a line for each charge, shipment or mail that really happened.
export const ledger: string[] = [];

export async function charge(orderId: string, cents: number, options: { idempotencyKey: string }): Promise<string> {
  if (cents < 0) throw new RangeError(`${cents} cents cannot be charged`);
  ledger.push(`charged ${orderId} ${cents}`);
  return `ch_${options.idempotencyKey.slice(0, 8)}`;
}

export async function ship(orderId: string): Promise<string> {
  ledger.push(`shipped ${orderId}`);
  return `parcel of ${orderId}`;
}

export function alarm(what: string): void {
  ledger.push(`alarm: ${what}`);
}
