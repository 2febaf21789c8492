/** Where a table's requests go: Region, endpoint, FIPS and dual stack, from the same environment that the AWS SDK reads. */
import { InvalidOptionsError } from "../../errors.ts";

export interface EndpointOptions {
  /** Default: `AWS_REGION`. */
  readonly region?: string;
  /** A whole URL. Default: `AWS_ENDPOINT_URL_DYNAMODB`, then `AWS_ENDPOINT_URL`, then the Region's own. */
  readonly endpoint?: string;
  /** Default: `AWS_USE_FIPS_ENDPOINT`. */
  readonly useFipsEndpoint?: boolean;
  /** Default: `AWS_USE_DUALSTACK_ENDPOINT`. */
  readonly useDualstackEndpoint?: boolean;
}

export interface Place {
  readonly region: string;
  readonly url: URL;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws an {@link InvalidOptionsError} when there is no Region, or the endpoint is not a URL. */
export function placeOf(options: EndpointOptions, env: Environment): Place {
  const region = options.region ?? env["AWS_REGION"];
  if (!region)
    throw new InvalidOptionsError("leanDynamoDBStore: there is no Region: set AWS_REGION, or give `region`.");
  const ignored = env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true";
  const configured = ignored ? undefined : env["AWS_ENDPOINT_URL_DYNAMODB"] || env["AWS_ENDPOINT_URL"];
  const endpoint = options.endpoint ?? (configured || regional(region, options, env));
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw new InvalidOptionsError(
      `leanDynamoDBStore: the endpoint must be a URL such as http://127.0.0.1:8000, not "${endpoint}".`,
    );
  }
  return { region, url };
}

function regional(region: string, options: EndpointOptions, env: Environment): string {
  const fips = options.useFipsEndpoint ?? env["AWS_USE_FIPS_ENDPOINT"] === "true";
  const dual = options.useDualstackEndpoint ?? env["AWS_USE_DUALSTACK_ENDPOINT"] === "true";
  const {
    suffix,
    dualSuffix,
    plainFips = false,
  } = PARTITIONS.find(({ regions }) => regions.test(region)) ?? COMMERCIAL;
  const host = fips && !(plainFips && !dual) ? "dynamodb-fips" : "dynamodb";
  return `https://${host}.${region}.${dual ? dualSuffix : suffix}`;
}

interface Partition {
  readonly regions: RegExp;
  readonly suffix: string;
  readonly dualSuffix: string;
  /** The plain name is the FIPS endpoint already. */
  readonly plainFips?: boolean;
}

const COMMERCIAL: Partition = { regions: /^/, suffix: "amazonaws.com", dualSuffix: "api.aws" };

/** As the AWS SDK's partitions have them. */
const PARTITIONS: readonly Partition[] = [
  { regions: /^cn-/, suffix: "amazonaws.com.cn", dualSuffix: "api.amazonwebservices.com.cn" },
  { regions: /^us-gov-/, suffix: "amazonaws.com", dualSuffix: "api.aws", plainFips: true },
  { regions: /^us-iso-/, suffix: "c2s.ic.gov", dualSuffix: "api.aws.ic.gov" },
  { regions: /^us-isob-/, suffix: "sc2s.sgov.gov", dualSuffix: "api.aws.scloud" },
];
