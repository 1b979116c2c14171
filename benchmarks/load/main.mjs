// Runs the steps of a plan on several backends in turn: A B C D A B C D ... The plan is JSON on standard input:
// {backends: [{name, base, pid, lacks: [step]}], steps: [step], once: [step], rounds, seconds, users, ...}.
// Prints one line of JSON for each step, round and backend: {step, round, backend, figures} or {..., error}.
import { readFileSync } from 'node:fs';
import * as steps from './steps.mjs';

const plan = JSON.parse(readFileSync(0, 'utf8'));
const backends = plan.backends.map(backend => ({ ...backend, users: [] }));
let failed = false;

for (const step of plan.steps) {
  const rounds = plan.once.includes(step) ? 1 : plan.rounds;
  for (let round = 0; round < rounds; round++) {
    for (const backend of backends.filter(one => !one.lacks.includes(step))) {
      const line = { step, round, backend: backend.name };
      try {
        line.figures = await steps[step](backend, { ...plan, round });
      } catch (error) {
        line.error = error.message;
        failed = true;
      }
      console.log(JSON.stringify(line));
    }
  }
}
process.exit(failed ? 1 : 0); // sockets that are closing would hold it up
