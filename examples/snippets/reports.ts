// Stands for work whose result is large.
let reports = 0;

export async function monthlyReport(month: string): Promise<string> {
  reports++;
  const rows = Array.from({ length: 60_000 }, (_, day) => ({ month, day, sum: Math.sin(day) }));
  return JSON.stringify(rows);
}

export function reportCount(): number {
  return reports;
}
