/** `idempotentHttp` is typed so that the event decides the response: for REST API, HTTP API, function URL and ALB. */
import type {
  ALBEvent,
  ALBHandler,
  ALBResult,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyEventV2WithIAMAuthorizer,
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyResult,
  APIGatewayProxyResultV2,
  APIGatewayProxyStructuredResultV2,
  APIGatewayProxyWithCognitoAuthorizerEvent,
  APIGatewayProxyWithLambdaAuthorizerEvent,
  Context,
  LambdaFunctionURLEvent,
  LambdaFunctionURLHandler,
} from "aws-lambda";
import { describe, expectTypeOf, test } from "vitest";
import { type Execution, type HttpEvent, idempotentHttp, type Store } from "../../src/index.ts";

declare const store: Store;
declare const context: Context;

describe("REST API", () => {
  const handler = idempotentHttp(async (_event: APIGatewayProxyEvent) => ({ statusCode: 201, body: "{}" }), { store });

  test("gives the REST response, and is the handler that Lambda expects", () => {
    expectTypeOf(handler).returns.resolves.toEqualTypeOf<APIGatewayProxyResult>();
    expectTypeOf(handler).parameter(0).toEqualTypeOf<APIGatewayProxyEvent>();
    expectTypeOf(handler).toExtend<APIGatewayProxyHandler>();
  });

  test("takes events of every authorizer", () => {
    idempotentHttp(
      async (event: APIGatewayProxyWithCognitoAuthorizerEvent) => {
        expectTypeOf(event.requestContext.authorizer.claims["sub"]).toExtend<string | undefined>();
        return { statusCode: 200, body: "" };
      },
      { store },
    );
    idempotentHttp(
      async (event: APIGatewayProxyWithLambdaAuthorizerEvent<{ userId: string }>) => {
        return { statusCode: 200, body: event.requestContext.authorizer.userId };
      },
      { store },
    );
  });

  test("takes the library's own result type as annotation", () => {
    const typed = idempotentHttp(
      async (_event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => ({ statusCode: 200, body: "" }),
      { store },
    );
    expectTypeOf(typed).toExtend<APIGatewayProxyHandler>();
  });

  test("refuses what a REST API refuses", () => {
    // @ts-expect-error a REST response needs a body
    idempotentHttp(async (_event: APIGatewayProxyEvent) => ({ statusCode: 200 }), { store });
    // @ts-expect-error a bare text is no REST response
    idempotentHttp(async (_event: APIGatewayProxyEvent) => "Hello", { store });
    // @ts-expect-error the status is a number
    idempotentHttp(async (_event: APIGatewayProxyEvent) => ({ statusCode: "200", body: "" }), { store });
    // @ts-expect-error a body is text
    idempotentHttp(async (_event: APIGatewayProxyEvent) => ({ statusCode: 200, body: { id: 1 } }), { store });
    // @ts-expect-error nothing at all is no REST response
    idempotentHttp(async (_event: APIGatewayProxyEvent) => {}, { store });
  });
});

describe("HTTP API", () => {
  test("a structured response, and the handler that Lambda expects", () => {
    const handler = idempotentHttp(async (_event: APIGatewayProxyEventV2) => ({ statusCode: 201, cookies: ["a=1"] }), {
      store,
    });
    expectTypeOf(handler).toExtend<APIGatewayProxyHandlerV2>();
    expectTypeOf(handler).returns.resolves.toExtend<APIGatewayProxyResultV2>();
    expectTypeOf(handler).parameter(0).toEqualTypeOf<APIGatewayProxyEventV2>();
  });

  test("an annotated response", () => {
    const structured = idempotentHttp(
      async (_event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => ({ statusCode: 200 }),
      { store },
    );
    expectTypeOf(structured).toExtend<APIGatewayProxyHandlerV2>();
    const either = idempotentHttp(async (_event: APIGatewayProxyEventV2): Promise<APIGatewayProxyResultV2> => "Hello", {
      store,
    });
    expectTypeOf(either).toExtend<APIGatewayProxyHandlerV2>();
    const own = idempotentHttp(async (_event: APIGatewayProxyEventV2): Promise<{ id: string }> => ({ id: "1" }), {
      store,
    });
    expectTypeOf(own).toExtend<APIGatewayProxyHandlerV2<{ id: string }>>();
  });

  test("bare returns of every kind", () => {
    const bare = idempotentHttp(async (_event: APIGatewayProxyEventV2) => ({ id: "ch_1", amount: 100 }), { store });
    expectTypeOf(bare).returns.resolves.toEqualTypeOf<
      { id: string; amount: number } | APIGatewayProxyStructuredResultV2
    >();
    expectTypeOf(bare).toExtend<APIGatewayProxyHandlerV2<{ id: string; amount: number }>>();
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => "Hello", { store });
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => [1, 2], { store });
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => 5, { store });
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => null, { store });
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => {}, { store });
    idempotentHttp((_event: APIGatewayProxyEventV2) => ({ statusCode: 204 }), { store });
    idempotentHttp(async (event: APIGatewayProxyEventV2) => (event.body ? { statusCode: 200 } : { id: "bare" }), {
      store,
    });
  });

  test("events of every authorizer", () => {
    idempotentHttp(
      async (event: APIGatewayProxyEventV2WithJWTAuthorizer) =>
        String(event.requestContext.authorizer.jwt.claims["sub"]),
      { store },
    );
    idempotentHttp(
      async (event: APIGatewayProxyEventV2WithIAMAuthorizer) => event.requestContext.authorizer.iam.userArn,
      { store },
    );
    idempotentHttp(
      async (event: APIGatewayProxyEventV2WithLambdaAuthorizer<{ userId: string }>) => ({
        statusCode: 200,
        body: event.requestContext.authorizer.lambda.userId,
      }),
      { store },
    );
  });

  test("refuses a response whose status is no number", () => {
    // @ts-expect-error the status is a number
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => ({ statusCode: "200", body: "" }), { store });
    // @ts-expect-error headers are texts
    idempotentHttp(async (_event: APIGatewayProxyEventV2) => ({ statusCode: 200, headers: { a: {} } }), { store });
  });
});

test("function URL", () => {
  const handler = idempotentHttp(async (_event: LambdaFunctionURLEvent) => ({ statusCode: 200, body: "" }), { store });
  expectTypeOf(handler).toExtend<LambdaFunctionURLHandler>();
  expectTypeOf(handler).parameter(0).toEqualTypeOf<LambdaFunctionURLEvent>();
});

describe("ALB", () => {
  test("gives the load balancer's response", () => {
    const handler = idempotentHttp(
      async (_event: ALBEvent) => ({ statusCode: 200, statusDescription: "200 OK", body: "" }),
      { store },
    );
    expectTypeOf(handler).returns.resolves.toEqualTypeOf<ALBResult>();
    expectTypeOf(handler).toExtend<ALBHandler>();
  });

  test("refuses what it refuses", () => {
    // @ts-expect-error a bare text is no response for a load balancer
    idempotentHttp(async (_event: ALBEvent) => "Hello", { store });
    // @ts-expect-error a status is needed
    idempotentHttp(async (_event: ALBEvent) => ({ body: "" }), { store });
  });
});

describe("the handler's parameters", () => {
  test("an event without a type is any HTTP event; context and execution are known", () => {
    const handler = idempotentHttp(
      async (event, given, execution) => {
        expectTypeOf(event).toEqualTypeOf<HttpEvent>();
        expectTypeOf(given).toEqualTypeOf<Context>();
        expectTypeOf(execution).toEqualTypeOf<Execution>();
        return { statusCode: 201, body: JSON.stringify({ sent: event.body }) };
      },
      { store },
    );
    expectTypeOf(handler).parameter(0).toEqualTypeOf<HttpEvent>();
    expectTypeOf(handler).parameter(1).toEqualTypeOf<Context | undefined>();
  });

  test("no parameters at all", () => {
    idempotentHttp(async () => ({ statusCode: 201, body: "" }), { store });
  });

  test("the wrapped handler is called with or without a context, and with no other event", async () => {
    const handler = idempotentHttp(async (_event: ALBEvent) => ({ statusCode: 200 }), { store });
    const event = {} as ALBEvent;
    await handler(event);
    await handler(event, context);
    // @ts-expect-error it was made for a load balancer
    await handler({} as APIGatewayProxyEventV2, context);
    // @ts-expect-error not for no event
    await handler();
  });
});

test("the options see the event's type", () => {
  idempotentHttp(async (_event: APIGatewayProxyEventV2WithJWTAuthorizer) => "x", {
    store,
    key: (event, given) => {
      expectTypeOf(event).toEqualTypeOf<APIGatewayProxyEventV2WithJWTAuthorizer>();
      expectTypeOf(given).toEqualTypeOf<Context>();
      return event.headers["x-request-id"];
    },
    principal: (event) => event.requestContext.authorizer.jwt.claims["sub"],
    tenant: (event) => event.requestContext.domainPrefix,
    fingerprint: (event) => event.body,
    methods: ["POST"],
    headerName: "X-Key",
    replayHeaderName: "X-Replayed",
  });
  // @ts-expect-error `methods` is a list
  idempotentHttp(async (_event: ALBEvent) => ({ statusCode: 200 }), { store, methods: "POST" });
  // @ts-expect-error there is no such option
  idempotentHttp(async (_event: ALBEvent) => ({ statusCode: 200 }), { store, retries: 3 });
  // @ts-expect-error a store is required
  idempotentHttp(async (_event: ALBEvent) => ({ statusCode: 200 }), {});
});
