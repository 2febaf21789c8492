// Why: one shape of answer that the HTTP API and the REST API both take.

export interface Response {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

export function json(statusCode: number, value: unknown, contentType = "application/json"): Response {
  return { statusCode, headers: { "content-type": contentType }, body: JSON.stringify(value) };
}
