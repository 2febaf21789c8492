/** A setting of a service that undoes some of the protection, or costs more than it need. */
export interface Warning {
  readonly id: (typeof warningIds)[number];
  /** What is wrong, what happens because of it, and the fix. */
  readonly message: string;
}

export const warningIds = [
  "batch-item-failures",
  "visibility-timeout",
  "dead-letter-queue",
  "gateway-timeout",
  "runtime",
  "permissions",
  "table-variable",
  "table-region",
] as const;
