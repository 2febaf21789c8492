// Why: the CDK example's entry, which `cdk.json` would name: `"app": "node app.ts"` (docs/deploy-cdk.md).

import { App } from "aws-cdk-lib";
import { refundsStack } from "./refunds-stack.ts";

refundsStack(new App(), "Refunds");
