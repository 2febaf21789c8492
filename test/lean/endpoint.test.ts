/** Where requests go, from options and the environment that the AWS SDK reads. */
import { expect, test } from "vitest";
import { placeOf } from "../../src/stores/lean/endpoint.ts";

test.each([
  ["a Region", {}, { AWS_REGION: "eu-west-1" }, "https://dynamodb.eu-west-1.amazonaws.com/"],
  ["China", {}, { AWS_REGION: "cn-north-1" }, "https://dynamodb.cn-north-1.amazonaws.com.cn/"],
  ["GovCloud", {}, { AWS_REGION: "us-gov-west-1" }, "https://dynamodb.us-gov-west-1.amazonaws.com/"],
  ["FIPS", { useFipsEndpoint: true }, { AWS_REGION: "us-east-1" }, "https://dynamodb-fips.us-east-1.amazonaws.com/"],
  [
    "FIPS by the environment",
    {},
    { AWS_REGION: "us-east-1", AWS_USE_FIPS_ENDPOINT: "true" },
    "https://dynamodb-fips.us-east-1.amazonaws.com/",
  ],
  [
    "FIPS in GovCloud, where the plain name is that",
    { useFipsEndpoint: true },
    { AWS_REGION: "us-gov-west-1" },
    "https://dynamodb.us-gov-west-1.amazonaws.com/",
  ],
  ["dual stack", { useDualstackEndpoint: true }, { AWS_REGION: "us-east-1" }, "https://dynamodb.us-east-1.api.aws/"],
  [
    "an endpoint for all services",
    {},
    { AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
    "http://127.0.0.1:1/",
  ],
  [
    "an endpoint for DynamoDB before that",
    {},
    {
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:2",
    },
    "http://127.0.0.1:2/",
  ],
  [
    "configured endpoints ignored",
    {},
    {
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:2",
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
    },
    "https://dynamodb.us-east-1.amazonaws.com/",
  ],
  [
    "options before all",
    { region: "eu-west-1", endpoint: "http://127.0.0.1:3" },
    { AWS_REGION: "us-east-1", AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:2" },
    "http://127.0.0.1:3/",
  ],
])("%s", (_name, options, env, url) => {
  expect(placeOf(options, env).url.href).toBe(url);
});

test("without a Region there is an error that says what to do", () => {
  expect(() => placeOf({}, {})).toThrow(/there is no Region: set AWS_REGION, or give `region`/);
});

test("an endpoint that is no URL is named", () => {
  expect(() => placeOf({ region: "us-east-1", endpoint: "127.0.0.1:8000" }, {})).toThrow(/not "127.0.0.1:8000"/);
});
