/**
 * Who is calling, as the authorizer named it: two callers that choose the same key never meet (G8).
 *
 * Only what identifies the caller counts. Claims such as `iat` or `exp` change when a client renews its token between
 * two tries, and a principal that changes makes a retry a new request.
 */
import { canonicalJson } from "../core/canonical-json.ts";
import { fields, text } from "./fields.ts";
import { type HttpRequest, headerValues } from "./http-event.ts";

/** Canonical JSON of who is named and by what kind of authorizer; `undefined` when nobody is named. */
export function principalOf(request: HttpRequest): string | undefined {
  const { authorizer: given, identity: known } = request.requestContext;
  const authorizer = fields(given);
  const identity = fields(known);
  const iam = fields(authorizer["iam"]);
  return (
    subject("jwt", fields(authorizer["jwt"])["claims"]) ??
    subject("claims", authorizer["claims"]) ??
    fromLambda(authorizer["lambda"]) ??
    named("principalId", authorizer["principalId"]) ??
    named("cognito", fields(iam["cognitoIdentity"])["identityId"]) ??
    named("iam", iam["userArn"]) ??
    named("cognito", identity["cognitoIdentityId"]) ??
    named("iam", identity["userArn"]) ??
    named("apiKey", identity["apiKeyId"]) ??
    (request.shape === "alb" ? named("oidc", headerValues(request, "x-amzn-oidc-identity")[0]) : undefined)
  );
}

function named(kind: string, name: unknown): string | undefined {
  return text(name) === undefined ? undefined : canonicalJson([kind, name]);
}

/** A subject is unique within its issuer only. */
function subject(kind: string, claims: unknown): string | undefined {
  const { sub, client_id, iss } = fields(claims);
  const name = text(sub) ?? text(client_id);
  return name === undefined ? undefined : canonicalJson([kind, text(iss) ?? null, name]);
}

/** What a Lambda authorizer of an HTTP API gave: its own name for the caller, else all that it says. */
function fromLambda(given: unknown): string | undefined {
  const context = fields(given);
  const lasting = Object.entries(context).filter(([name, value]) => !PASSING.has(name) && !isEmpty(value));
  const all = (): string => canonicalJson(["lambda", Object.fromEntries(lasting)]);
  return (
    named("lambda.principalId", context["principalId"]) ??
    subject("lambda", context) ??
    subject("lambda.claims", context["claims"]) ??
    (lasting.length === 0 ? undefined : all())
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Of a token, not of its bearer (RFC 7519, section 4.1, and OpenID Connect). */
const PASSING: ReadonlySet<string> = new Set(["exp", "iat", "nbf", "jti", "auth_time", "nonce", "at_hash", "token"]);
