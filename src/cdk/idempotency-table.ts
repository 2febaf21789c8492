/**
 * The table as an L2 construct: what it must be is fixed, what a team decides about a table are properties, and `grantTo`
 * gives a function its two actions on it and the variable by which `dynamoDBStore()` finds it.
 */
import { type RemovalPolicy, Stack, Token } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, type TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { partitionKey, tableActions, tableVariable, ttlAttribute } from "../deploy/table-definition.ts";
import { type Alarms, addAlarms, addDashboard, type MonitoringProps } from "./monitoring.ts";

export interface IdempotencyTableProps {
  /** Default: a name that CloudFormation makes. */
  readonly tableName?: string;
  /** Default: false. Records live for hours or days; a table restored from yesterday replays nothing new. */
  readonly pointInTimeRecovery?: boolean;
  /** Default: a key that AWS owns. */
  readonly encryption?: TableEncryption;
  /** A key of your own. `grantTo` lets the function decrypt with it. */
  readonly encryptionKey?: IKey;
  /** Default: RETAIN, as for every table of the CDK. */
  readonly removalPolicy?: RemovalPolicy;
  /** Default: false. */
  readonly deletionProtection?: boolean;
}

/** A function, or anything else that has a principal and an environment. */
export interface TableUser extends IGrantable {
  addEnvironment(key: string, value: string): unknown;
}

export interface IIdempotencyTable {
  readonly tableName: string;
  readonly tableArn: string;
  /** Lets a function use the table, and tells it which in `IDEMPOTENCY_TABLE`. */
  grantTo(fn: TableUser): Grant;
  /** Lets a role or another principal use the table. */
  grant(grantee: IGrantable): Grant;
}

export class IdempotencyTable extends Construct implements IIdempotencyTable {
  readonly tableName: string;
  readonly tableArn: string;
  /** The table itself, for what this construct does not offer. */
  readonly table: Table;

  /** A table of this account and Region that is there already. */
  static fromTableName(scope: Construct, id: string, tableName: string, encryptionKey?: IKey): IIdempotencyTable {
    if (!Token.isUnresolved(tableName) && !/^[\w.-]{3,255}$/.test(tableName)) {
      throw wrong("fromTableName", `"${tableName}" is no table's name. For an ARN there is fromTableArn`);
    }
    const tableArn = Stack.of(scope).formatArn({ service: "dynamodb", resource: "table", resourceName: tableName });
    return new ImportedTable(scope, id, tableName, tableArn, encryptionKey);
  }

  /** A table that is there already, also of another account: functions are then told its ARN. */
  static fromTableArn(scope: Construct, id: string, tableArn: string, encryptionKey?: IKey): IIdempotencyTable {
    if (!Token.isUnresolved(tableArn) && !tableArn.startsWith("arn:")) {
      throw wrong("fromTableArn", `"${tableArn}" is no table's ARN. For a name there is fromTableName`);
    }
    return new ImportedTable(scope, id, tableArn, tableArn, encryptionKey);
  }

  constructor(scope: Construct, id: string, props: IdempotencyTableProps = {}) {
    super(scope, id);
    const { pointInTimeRecovery = false, ...rest } = props;
    this.table = new Table(this, "Table", {
      ...rest,
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      timeToLiveAttribute: ttlAttribute,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
    });
    this.tableName = this.table.tableName;
    this.tableArn = this.table.tableArn;
  }

  grantTo(fn: TableUser): Grant {
    return grantTo(this, fn, this.table.encryptionKey);
  }

  grant(grantee: IGrantable): Grant {
    return grant(this, grantee, this.table.encryptionKey);
  }

  /** Alarms on throttles, on errors of DynamoDB, and on outcomes that could not be stored. */
  addAlarms(props: MonitoringProps): Alarms {
    return addAlarms(this, this.tableName, props);
  }

  /** A dashboard of what the library tells and what the table costs. */
  addDashboard(props: MonitoringProps): void {
    addDashboard(this, this.tableName, props);
  }
}

class ImportedTable extends Construct implements IIdempotencyTable {
  readonly tableName: string;
  readonly tableArn: string;
  readonly #key: IKey | undefined;

  constructor(scope: Construct, id: string, tableName: string, tableArn: string, key: IKey | undefined) {
    super(scope, id);
    this.tableName = tableName;
    this.tableArn = tableArn;
    this.#key = key;
  }

  grantTo(fn: TableUser): Grant {
    return grantTo(this, fn, this.#key);
  }

  grant(grantee: IGrantable): Grant {
    return grant(this, grantee, this.#key);
  }
}

interface Named {
  readonly tableName: string;
  readonly tableArn: string;
}

function grantTo(table: Named, fn: TableUser, key: IKey | undefined): Grant {
  if (typeof fn?.addEnvironment !== "function") {
    const what = Construct.isConstruct(fn) ? fn.node.path : String(fn);
    throw wrong(
      "grantTo",
      `${what} has no environment to put ${tableVariable} into, as aliases, versions and imported functions have none. Give ` +
        "grantTo the function itself; or call grant, and set the variable where the function is defined",
    );
  }
  fn.addEnvironment(tableVariable, table.tableName);
  return grant(table, fn, key);
}

function grant(table: Named, grantee: IGrantable, key: IKey | undefined): Grant {
  key?.grant(grantee, "kms:Decrypt");
  return Grant.addToPrincipal({ grantee, actions: [...tableActions], resourceArns: [table.tableArn] });
}

function wrong(method: string, problem: string): Error {
  return new Error(`IdempotencyTable.${method}: ${problem}.`);
}
