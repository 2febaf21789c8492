// Stands for any payment provider that honours idempotency keys.
const charges = new Map<string, { readonly id: string; readonly amount: number }>();

export async function charge(
  amount: number,
  options: { readonly idempotencyKey: string },
): Promise<{ id: string; amount: number }> {
  const made = charges.get(options.idempotencyKey) ?? { id: `ch_${charges.size + 1}`, amount };
  charges.set(options.idempotencyKey, made);
  return made;
}

export function chargeCount(): number {
  return charges.size;
}
