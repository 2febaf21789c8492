/** Signatures: the vectors that AWS publishes (its Signature Version 4 test suite, and the example of the IAM User Guide). */
import { expect, test } from "vitest";
import { amzDate, authorization } from "../../src/stores/lean/sigv4.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const scope = { region: "us-east-1", service: "service", date: "20150830T123600Z" };
const host = { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z" };
const root = { path: "/", query: "", headers: host, body: "" };

test.each([
  ["get-vanilla", { ...root, method: "GET" }, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["post-vanilla", { ...root, method: "POST" }, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  [
    "post-x-www-form-urlencoded",
    {
      ...root,
      method: "POST",
      headers: { ...host, "content-type": "application/x-www-form-urlencoded" },
      body: "Param1=value1",
    },
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  ],
  [
    "get-header-key-duplicate",
    { ...root, method: "GET", headers: { ...host, "my-header1": "value2,value2,value1" } },
    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
  ],
  [
    "get-header-value-multiline",
    { ...root, method: "GET", headers: { ...host, "my-header1": "value1,value2,value3" } },
    "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790",
  ],
])("%s", (_name, request, signature) => {
  expect(authorization(request, credentials, scope)).toContain(`, Signature=${signature}`);
});

test("the example of the IAM User Guide", () => {
  const headers = {
    host: "iam.amazonaws.com",
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "x-amz-date": "20150830T123600Z",
  };
  const request = { method: "GET", path: "/", query: "Action=ListUsers&Version=2010-05-08", headers, body: "" };
  expect(authorization(request, credentials, { ...scope, service: "iam" })).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, " +
      "SignedHeaders=content-type;host;x-amz-date, " +
      "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});

test("another day, Region or secret has another key, whatever was signed before", () => {
  const sign = (secret: string, place: object): string =>
    authorization({ ...root, method: "GET" }, { ...credentials, secretAccessKey: secret }, { ...scope, ...place });
  const first = sign(credentials.secretAccessKey, {});
  const others = [sign("other", {}), sign(credentials.secretAccessKey, { region: "eu-west-1" })];
  expect(new Set([first, ...others]).size).toBe(3);
  expect(sign(credentials.secretAccessKey, {})).toBe(first);
});

test("a moment is written as AWS has it", () => {
  expect(amzDate(1_440_938_160_123)).toBe("20150830T123600Z");
});
