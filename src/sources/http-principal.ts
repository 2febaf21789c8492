/**
 * Who is calling, as the authorizer named it: two callers that choose the same key never meet (G8).
 *
 * Only what identifies the caller counts. Claims such as `iat` or `exp` change when a client renews its token between
 * two tries, and a principal that changes makes a retry a new request.
 */
import { type Fields, fields, text } from "./fields.ts";
import { type HttpRequest, headerValues } from "./http-event.ts";

/** `undefined` when nobody is named. */
export function principalOf(request: HttpRequest): unknown {
  const authorizer = fields(request.requestContext["authorizer"]);
  const identity = fields(request.requestContext["identity"]);
  const iam = fields(authorizer["iam"]);
  return (
    subject(fields(fields(authorizer["jwt"])["claims"])) ??
    subject(fields(authorizer["claims"])) ??
    fromLambda(authorizer["lambda"]) ??
    text(authorizer["principalId"]) ??
    text(fields(iam["cognitoIdentity"])["identityId"]) ??
    text(iam["userArn"]) ??
    text(identity["cognitoIdentityId"]) ??
    text(identity["userArn"]) ??
    text(identity["apiKeyId"]) ??
    (request.shape === "alb" ? text(headerValues(request, "x-amzn-oidc-identity")[0]) : undefined)
  );
}

/** A subject is unique within its issuer only. */
function subject(claims: Fields): unknown {
  const sub = text(claims["sub"]) ?? text(claims["client_id"]);
  return sub === undefined ? undefined : { iss: text(claims["iss"]) ?? "", sub };
}

/** What a Lambda authorizer of an HTTP API gave: its own name for the caller, else all that it says. */
function fromLambda(given: unknown): unknown {
  const context = fields(given);
  const named = text(context["principalId"]) ?? text(context["sub"]);
  if (named !== undefined) return { named };
  const lasting = Object.entries(context).filter(
    ([name, value]) => !PASSING.has(name) && value !== null && value !== "",
  );
  return lasting.length === 0 ? undefined : Object.fromEntries(lasting);
}

/** Of a token, not of its bearer (RFC 7519, section 4.1, and OpenID Connect). */
const PASSING: ReadonlySet<string> = new Set(["exp", "iat", "nbf", "jti", "auth_time", "nonce", "at_hash", "token"]);
