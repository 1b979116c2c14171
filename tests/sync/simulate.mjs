/**
 * Run random schedules against `sync.js`, and print as JSON how many went wrong, the first of them with what was wrong.
 *
 *     node tests/sync/simulate.mjs --schedules 10000 --seed 1 [--sync <file>]
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runSchedule } from "./schedule.mjs";
import { loadSync } from "./world.mjs";

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    sync: { type: "string", default: fileURLToPath(new URL("../../chat/web/sync.js", import.meta.url)) },
  },
});
const makeModule = loadSync(values.sync);
const first = Number(values.seed);
const schedules = Number(values.schedules);
let rejections = [];
process.on("unhandledRejection", (error) => rejections.push(`unhandled rejection: ${error?.message}`));

let wrong = 0;
const examples = {};
for (let seed = first; seed < first + schedules; seed++) {
  rejections = [];
  const problems = [...(await runSchedule(makeModule, seed)), ...rejections];
  if (!problems.length) continue;
  wrong += 1;
  if (wrong <= 10) examples[seed] = problems;
}
console.log(JSON.stringify({ schedules, wrong, examples }, null, 2));
