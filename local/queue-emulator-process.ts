// Why: the process in which the queue emulator runs. Usage: node queue-emulator-process.ts PORT

import { buildApp } from "fauxqs";
import { correctFifoDelivery } from "./fifo-delivery.ts";

await correctFifoDelivery();
await buildApp({ logger: false }).listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
