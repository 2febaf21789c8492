/**
 * Generated tests are the same in every run, so that a red run can be seen again and a green one stays green. With
 * `FUZZ_SEED=random` each run is another, and a number is the run that printed it.
 */
import fc from "fast-check";

const given = process.env["FUZZ_SEED"];
if (given !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given ?? 20_261_124) });
