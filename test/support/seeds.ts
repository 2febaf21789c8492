/** Seeds of generated tests: the same in every run, unless the environment names another, or `random`. */

export function seedOf(variable: string, suite: string): number {
  const given = process.env[variable];
  const seed = given === "random" ? Math.trunc(Math.random() * 0x7fff_ffff) : Number(given || 20_261_124);
  if (!Number.isSafeInteger(seed)) throw new Error(`${variable} is "${given}", which is no whole number.`);
  console.log(`${suite}: ${variable}=${seed}`);
  return seed;
}
