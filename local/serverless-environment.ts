// Why: a developer's own AWS account, profile and settings must have no part in anything that runs locally.

import { devNull } from "node:os";

/** This process's environment without what belongs to AWS, to Serverless or to a test runner, plus `extra`. */
export function serverlessEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|SLS_|SERVERLESS_|NODE_OPTIONS$|VITEST)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
    SLS_DEPRECATION_DISABLE: "*",
    FORCE_COLOR: "0",
    ...extra,
  };
}

/** What a function needs to reach a local DynamoDB, and an SQS where there is one, and nothing else. */
export function localAwsEnvironment(dynamoDBEndpoint: string, sqsEndpoint?: string): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDBEndpoint,
    ...(sqsEndpoint === undefined ? {} : { AWS_ENDPOINT_URL_SQS: sqsEndpoint }),
  };
}
