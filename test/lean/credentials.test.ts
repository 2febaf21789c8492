/** Credentials: the environment's, the container endpoint's, a function's, and how long they are remembered. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { environmentCredentials, remembering } from "../../src/stores/lean/credentials.ts";

const NOON = 1_764_072_000_000;
const good = { accessKeyId: "AK", secretAccessKey: "SK" };

test("the environment's keys are read anew each time: they may be rotated", async () => {
  const env: Record<string, string> = { AWS_ACCESS_KEY_ID: "A1", AWS_SECRET_ACCESS_KEY: "S1" };
  const source = environmentCredentials(env);
  expect(await source()).toEqual({ accessKeyId: "A1", secretAccessKey: "S1", sessionToken: undefined });
  Object.assign(env, { AWS_ACCESS_KEY_ID: "A2", AWS_SECRET_ACCESS_KEY: "S2", AWS_SESSION_TOKEN: "T2" });
  expect(await source()).toEqual({ accessKeyId: "A2", secretAccessKey: "S2", sessionToken: "T2" });
});

test("the container endpoint is asked with its token", async () => {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push([request.url, request.headers.authorization]);
    response.end(
      JSON.stringify({ AccessKeyId: "AK", SecretAccessKey: "SK", Token: "T", Expiration: "2099-01-01T00:00:00Z" }),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const source = environmentCredentials({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/creds`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "secret",
  });
  expect(await source()).toMatchObject({ accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "T" });
  await source();
  server.close();
  expect(asked).toEqual([["/creds", "secret"]]);
});

test("without any there is an error that says where they were looked for", async () => {
  await expect(environmentCredentials({})()).rejects.toMatchObject({
    name: "CredentialsProviderError",
    message: /AWS_ACCESS_KEY_ID/,
  });
});

test("what a provider gave is remembered until shortly before it expires", async () => {
  let now = NOON;
  const provider = vi.fn(async () => ({ ...good, expiration: new Date(NOON + 900_000) }));
  const source = remembering(provider, () => now);
  await Promise.all([source(), source()]);
  now = NOON + 599_999;
  await source();
  expect(provider).toHaveBeenCalledTimes(1);
  now = NOON + 600_000;
  await source();
  expect(provider).toHaveBeenCalledTimes(2);
});

test("what was refused is not given again", async () => {
  const provider = vi.fn(async () => good);
  const source = remembering(provider);
  await source();
  await source(true);
  expect(provider).toHaveBeenCalledTimes(2);
});

test("a provider that failed is asked again", async () => {
  const provider = vi.fn().mockRejectedValueOnce(new Error("no")).mockResolvedValueOnce(good);
  const source = remembering(provider);
  await expect(source()).rejects.toThrow("no");
  expect(await source()).toBe(good);
});
