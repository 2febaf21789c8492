/** Who is calling, for every kind of authorizer: two callers that choose the same key never meet (G8). */
import { describe, expect, test } from "vitest";
import { idempotentHttp } from "../../src/index.ts";
import { type Change, created, eventOf, type Json, type Shape, shapeNamed } from "../support/http-events.ts";
import { lambdaContext } from "../support/lambda-context.ts";
import { probeStore } from "../support/probe-store.ts";

const REST = shapeNamed("REST API");
const HTTP = shapeNamed("HTTP API");
const URL_ = shapeNamed("function URL");
const ALB = shapeNamed("ALB");
const ALB_MULTI = shapeNamed("ALB with multi-value headers");

/** The id of the record that a call gets: two calls meet when it is the same. */
async function recordOf(shape: Shape, change: Change): Promise<string> {
  const store = probeStore();
  const pay = idempotentHttp(async (_event: Json) => created(shape, "x") as Json, {
    store,
    operation: "pay",
    requireKey: true,
  });
  expect(await pay(eventOf(shape, change), lambdaContext())).toMatchObject({ statusCode: 201 });
  return store.last().id;
}

const ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE";
const cognito = (sub: string, more: object = {}): Change => ({
  authorizer: {
    claims: { sub, iss: ISSUER, aud: "client", token_use: "id", iat: "1", exp: "2", jti: "j1", ...more },
  },
});
const jwt = (claims: object): Change => ({ authorizer: { jwt: { claims, scopes: ["payments"] } } });
const lambda = (context: unknown): Change => ({ authorizer: { lambda: context } });
const iam = (userArn: string, more: object = {}): Change => ({
  authorizer: {
    iam: {
      accessKey: "ASIAEXAMPLE",
      accountId: "123456789012",
      callerId: "AROAEXAMPLE",
      cognitoIdentity: null,
      principalOrgId: "o-1",
      userArn,
      userId: "AROAEXAMPLE",
      ...more,
    },
  },
});
const viaCognito = (identityId: string): Change =>
  iam("arn:aws:sts::123456789012:assumed-role/Cognito_Auth/CognitoIdentityCredentials", {
    cognitoIdentity: { amr: ["authenticated"], identityId, identityPoolId: "us-east-1:pool" },
  });

describe("two callers never meet, and one caller meets itself", () => {
  test.each<[string, Shape, Change, Change]>([
    ["a Cognito user pool", REST, cognito("user-1"), cognito("user-2")],
    ["a Cognito user of another pool", REST, cognito("user-1"), cognito("user-1", { iss: `${ISSUER}2` })],
    [
      "a Lambda authorizer",
      REST,
      { authorizer: { principalId: "user-1", integrationLatency: 40 } },
      { authorizer: { principalId: "user-2", integrationLatency: 40 } },
    ],
    [
      "an IAM user",
      REST,
      { identity: { userArn: "arn:aws:iam::123456789012:user/a", accountId: "123456789012" } },
      { identity: { userArn: "arn:aws:iam::123456789012:user/b", accountId: "123456789012" } },
    ],
    [
      "a Cognito identity",
      REST,
      { identity: { cognitoIdentityId: "us-east-1:1", userArn: "arn:aws:sts::1:assumed-role/Auth/Cognito" } },
      { identity: { cognitoIdentityId: "us-east-1:2", userArn: "arn:aws:sts::1:assumed-role/Auth/Cognito" } },
    ],
    [
      "an API key",
      REST,
      { identity: { apiKeyId: "key1id", apiKey: "s3cr3t" } },
      { identity: { apiKeyId: "key2id", apiKey: "s3cr3t" } },
    ],
    [
      "a JWT",
      HTTP,
      jwt({ sub: "user-1", iss: "https://id.example" }),
      jwt({ sub: "user-2", iss: "https://id.example" }),
    ],
    [
      "a JWT of another issuer",
      HTTP,
      jwt({ sub: "1", iss: "https://a.example" }),
      jwt({ sub: "1", iss: "https://b.example" }),
    ],
    ["a client without a subject", HTTP, jwt({ client_id: "c1", iss: "i" }), jwt({ client_id: "c2", iss: "i" })],
    ["a Lambda authorizer that names a principal", HTTP, lambda({ principalId: "u1" }), lambda({ principalId: "u2" })],
    ["a Lambda authorizer that names a subject", HTTP, lambda({ sub: "u1" }), lambda({ sub: "u2" })],
    ["a Lambda authorizer with names of its own", HTTP, lambda({ userId: "u1" }), lambda({ userId: "u2" })],
    ["a Lambda authorizer that gives numbers", HTTP, lambda({ userId: 1 }), lambda({ userId: 2 })],
    ["a Lambda authorizer that gives objects", HTTP, lambda({ user: { id: 1 } }), lambda({ user: { id: 2 } })],
    [
      "an IAM role",
      HTTP,
      iam("arn:aws:sts::123456789012:assumed-role/a/s"),
      iam("arn:aws:sts::123456789012:assumed-role/b/s"),
    ],
    ["a Cognito identity behind IAM", HTTP, viaCognito("us-east-1:1"), viaCognito("us-east-1:2")],
    [
      "an IAM role at a function URL",
      URL_,
      iam("arn:aws:iam::123456789012:user/a"),
      iam("arn:aws:iam::123456789012:user/b"),
    ],
    [
      "an OIDC user at a load balancer",
      ALB,
      { headers: { "x-amzn-oidc-identity": "u1" } },
      { headers: { "x-amzn-oidc-identity": "u2" } },
    ],
    [
      "an OIDC user at a load balancer with multi-value headers",
      ALB_MULTI,
      { headers: { "x-amzn-oidc-identity": "u1" } },
      { headers: { "x-amzn-oidc-identity": "u2" } },
    ],
  ])("%s", async (_name, shape, one, other) => {
    const [mine, again, theirs, nobody] = await Promise.all([one, one, other, {}].map((who) => recordOf(shape, who)));
    expect(again).toBe(mine);
    expect(theirs).not.toBe(mine);
    expect(nobody).not.toBe(mine);
  });

  test("callers of different kinds with the same name never meet", async () => {
    const rest = [
      cognito("x", { iss: "" }),
      { authorizer: { principalId: "x" } },
      { identity: { userArn: "x" } },
      { identity: { cognitoIdentityId: "x" } },
      { identity: { apiKeyId: "x" } },
      {},
    ];
    const ids = await Promise.all(rest.map((who) => recordOf(REST, who)));
    expect(new Set(ids).size).toBe(6);
    const http = [
      jwt({ sub: "x" }),
      lambda({ principalId: "x" }),
      lambda({ named: "x" }),
      iam("x"),
      viaCognito("x"),
      { authorizer: { principalId: "x" } },
      {},
    ];
    expect(new Set(await Promise.all(http.map((who) => recordOf(HTTP, who)))).size).toBe(7);
  });
});

describe("a client that renews its token between two tries stays the same caller", () => {
  const renewed = { iat: "1764000900", exp: "1764004500", jti: "j2", auth_time: "1764000900", nbf: "1764000900" };

  test.each<[string, Shape, Change, Change]>([
    ["Cognito", REST, cognito("user-1"), cognito("user-1", { ...renewed, event_id: "e2", origin_jti: "o2" })],
    ["JWT", HTTP, jwt({ sub: "u", iss: "i", iat: 1, exp: 2 }), jwt({ sub: "u", iss: "i", ...renewed, scope: "a b" })],
    [
      "a REST Lambda authorizer",
      REST,
      { authorizer: { principalId: "u", exp: "1", integrationLatency: 3 } },
      { authorizer: { principalId: "u", exp: "2", integrationLatency: 99 } },
    ],
    ["a Lambda authorizer", HTTP, lambda({ userId: "u", iat: 1, exp: 2 }), lambda({ userId: "u", ...renewed })],
    [
      "a Lambda authorizer that passes the claims on",
      HTTP,
      lambda({ claims: { sub: "u", iat: 1, exp: 2 } }),
      lambda({ claims: { sub: "u", ...renewed } }),
    ],
    [
      "IAM, with other temporary credentials",
      HTTP,
      iam("arn:aws:sts::1:assumed-role/a/s"),
      iam("arn:aws:sts::1:assumed-role/a/s", { accessKey: "ASIAOTHER" }),
    ],
  ])("%s", async (_name, shape, before, after) => {
    expect(await recordOf(shape, after)).toBe(await recordOf(shape, before));
  });
});

describe("what an authorizer leaves empty never makes a call lose its protection", () => {
  test.each<[string, Shape, Change]>([
    ["no authorizer", HTTP, { authorizer: null }],
    ["an empty authorizer", HTTP, { authorizer: {} }],
    ["an authorizer that is a text", HTTP, { authorizer: "x" }],
    ["no claims", HTTP, { authorizer: { jwt: null } }],
    ["an empty subject", HTTP, jwt({ sub: "" })],
    ["a subject without an issuer", HTTP, jwt({ sub: "u" })],
    ["a subject without an issuer at a REST API", REST, { authorizer: { claims: { sub: "u" } } }],
    ["an empty context", HTTP, lambda({})],
    ["no context", HTTP, lambda(null)],
    ["an empty value", HTTP, lambda({ userId: "u", nickname: "", team: null })],
    ["an empty list", HTTP, lambda({ userId: "u", roles: [] })],
    ["an empty value inside", HTTP, lambda({ user: { id: "u", nickname: null, email: "" }, flags: {} })],
    ["nothing but empty values", HTTP, lambda({ roles: [], flags: {} })],
    ["an empty principal", REST, { authorizer: { principalId: "" } }],
  ])("%s", async (_name, shape, change) => {
    expect(await recordOf(shape, change)).toBe(await recordOf(shape, change));
  });
});
