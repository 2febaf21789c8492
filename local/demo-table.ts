// Why: the demo is read by people: rows appear as they happen, fit 100 columns, and say at a glance what was not as told.

const columns = { number: 2, step: 25, sent: 20, back: 22, ledger: 16, told: 4 } as const;
const width = Object.values(columns).reduce((sum, column) => sum + column + 2, -2);

const colour = process.stdout.isTTY === true && !process.env["NO_COLOR"];
const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold: (text: string) => string = paint(1);
export const dim: (text: string) => string = paint(2);
export const red: (text: string) => string = paint(31);
export const green: (text: string) => string = paint(32);

/** One exchange and what it was told to be, where N stands for any number. */
export interface Row {
  readonly step: string;
  readonly sent: string;
  readonly back: string;
  readonly ledger?: string;
  readonly told: { readonly back: string; readonly ledger?: string };
}

export function asTold({ back, ledger, told }: Row): boolean {
  return new RegExp(`^${told.back.replaceAll("N", "\\d+")}$`).test(back) && ledger === told.ledger;
}

export function printHeader(): void {
  print(bold(line("#", "Step", "Sent", "Came back", "Ledger", "Told")));
  print(dim("─".repeat(width)));
}

export function printRow(number: number, row: Row): void {
  const text = line(String(number), row.step, row.sent, row.back, row.ledger ?? "", "");
  if (asTold(row)) {
    print(`${text}${green("yes")}`);
  } else {
    print(`${text}${red("NO")}`);
    print(red(line("", "  was told", "", row.told.back, row.told.ledger ?? "", "")));
  }
}

/** Says what goes on until the next row is printed; only where a person watches. */
export function progress(text: string): void {
  if (process.stdout.isTTY === true) process.stdout.write(`\r\u001b[2K${dim(` ${text}`)}`);
}

export function print(text: string): void {
  if (process.stdout.isTTY === true) process.stdout.write("\r\u001b[2K");
  console.log(text.trimEnd());
}

function line(number: string, step: string, sent: string, back: string, ledger: string, told: string): string {
  const cells = [
    number.padStart(columns.number),
    step.padEnd(columns.step),
    sent.padEnd(columns.sent),
    back.padEnd(columns.back),
    ledger.padEnd(columns.ledger),
    told.padEnd(told === "" ? 0 : columns.told),
  ];
  return cells.join("  ");
}
