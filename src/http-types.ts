/** The types of `idempotentHttp`: the event decides what may be returned, and what comes back. */
import type {
  ALBEvent,
  ALBResult,
  APIGatewayProxyEventBase,
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayProxyResult,
  APIGatewayProxyResultV2,
  APIGatewayProxyStructuredResultV2,
} from "aws-lambda";

// biome-ignore lint/suspicious/noExplicitAny: any authorizer's event is an event
export type RestEvent = APIGatewayProxyEventBase<any>;
// biome-ignore lint/suspicious/noExplicitAny: any authorizer's event is an event
export type HttpApiEvent = APIGatewayProxyEventV2WithRequestContext<any>;

/** REST API (v1), HTTP API and function URL (v2), or application load balancer. */
export type HttpEvent = RestEvent | HttpApiEvent | ALBEvent;

/** What HTTP APIs and function URLs make a response of with status 200. */
export type Bare =
  | string
  | number
  | boolean
  | null
  | undefined
  | void
  | readonly unknown[]
  | (object & { readonly statusCode?: never; readonly then?: never });

/** What a handler of this event may return. */
export type HandlerResponse<E> = E extends { rawPath: string }
  ? APIGatewayProxyStructuredResultV2 | Bare
  : E extends ALBEvent
    ? ALBResult
    : APIGatewayProxyResult;

/** What the wrapped handler gives: the handler's own response, a replay of it, or a problem, in the event's shape. */
export type HttpResponse<E, R> = E extends { rawPath: string }
  ? [R] extends [APIGatewayProxyResultV2]
    ? APIGatewayProxyResultV2
    : R | APIGatewayProxyStructuredResultV2
  : E extends ALBEvent
    ? ALBResult
    : APIGatewayProxyResult;
