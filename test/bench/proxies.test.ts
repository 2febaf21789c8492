/** The two proxies through which requests and units are counted. */
import { createServer, type RequestListener } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { startCountingProxy } from "../../bench/harness/counting-proxy.ts";
import { startMeteringProxy } from "../../bench/harness/metering-proxy.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

async function put(endpoint: string, input: object, operation = "PutItem"): Promise<unknown> {
  const headers = { "x-amz-target": `DynamoDB_20120810.${operation}` };
  const response = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(input) });
  return await response.json();
}

test("requests over one connection are counted one by one, with all bytes of both ways", async () => {
  const target = await serve((_, response) => void response.end("{}"));
  const proxy = await startCountingProxy(target);
  onTestFinished(proxy.stop);
  for (let i = 0; i < 3; i++) await put(proxy.endpoint, { text: "POST / HTTP/1.1" });
  const counts = proxy.take();
  expect(counts.requests).toBe(3);
  expect(counts.sentBytes).toBeGreaterThan(3 * 100);
  expect(counts.receivedBytes).toBeGreaterThan(3 * 100);
  expect(proxy.take()).toEqual({ requests: 0, sentBytes: 0, receivedBytes: 0 });
});

test("units are asked for and added up; those of a refused write are what storing the item there took", async () => {
  const stored = new Set<string>();
  const target = await serve(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const input = JSON.parse(body);
    const id = JSON.stringify(input.Item.id);
    const refused = input.ConditionExpression !== undefined && stored.has(id);
    stored.add(id);
    response.statusCode = refused ? 400 : 200;
    response.end(
      JSON.stringify(
        refused || input.ReturnConsumedCapacity !== "TOTAL"
          ? { __type: "ConditionalCheckFailedException" }
          : { ConsumedCapacity: { CapacityUnits: input.size } },
      ),
    );
  });
  const proxy = await startMeteringProxy(target);
  onTestFinished(proxy.stop);
  const Item = { id: { S: "a" } };
  await put(proxy.endpoint, { Item, size: 1, ConditionExpression: "attribute_not_exists(id)" });
  await put(proxy.endpoint, { Item, size: 41 });
  expect(proxy.take()).toMatchObject({ write: 42, refusedWrites: 0, computedWrite: 0 });
  await put(proxy.endpoint, { Item, size: 1, ConditionExpression: "attribute_not_exists(id)" });
  expect(proxy.take()).toMatchObject({ write: 0, refusedWrites: 1, computedWrite: 41, refusedReported: 0 });
});

test("a request that the meter does not know makes the sum no number", async () => {
  const target = await serve((_, response) => void response.end("{}"));
  const proxy = await startMeteringProxy(target);
  onTestFinished(proxy.stop);
  await put(proxy.endpoint, {}, "TransactWriteItems");
  expect(proxy.take().write).toBeNaN();
});
