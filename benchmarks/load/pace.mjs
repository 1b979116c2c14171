// How work is repeated, and what its times amount to.

export const now = () => performance.now();
export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/** The value under which the share `p` of the values lies. */
export function percentile(values, p) {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
}

/** Runs `work(0)` to `work(count - 1)`, `width` at a time; the seconds that it took. */
export async function repeat(count, width, work) {
  const start = now();
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) await work(next++);
  }));
  return (now() - start) / 1000;
}

/** Runs `work(lane)` in `lanes` lanes, again and again, for some seconds: how often a second, and how long each took. */
export async function sustain(seconds, lanes, work) {
  const start = now();
  const times = [];
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    do {
      const began = now();
      await work(lane);
      times.push(now() - began);
    } while (now() - start < seconds * 1000);
  }));
  return { rate: times.length / ((now() - start) / 1000), p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** Waits until `done()`, at most some seconds; whether it came true. */
export async function eventually(done, seconds = 5) {
  const end = now() + seconds * 1000;
  while (!done() && now() < end) await sleep(10);
  return done();
}
