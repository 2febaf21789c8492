/** No protection and no request: what Node's own start takes. */
import { type HttpHandler, respond } from "./work.ts";

export { observed } from "./work.ts";

export const handler: HttpHandler = async (event) => respond(event);
