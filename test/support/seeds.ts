/** Seeds of generated tests: printed, and taken from the environment to see the same run again. */

export function seedOf(variable: string, suite: string): number {
  const given = process.env[variable];
  const seed = given === undefined || given === "" ? Math.trunc(Math.random() * 0x7fff_ffff) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`${variable} is "${given}", which is no whole number.`);
  console.log(`${suite}: ${variable}=${seed}`);
  return seed;
}
