// What a backend's process and its children cost, as Linux counts it.
import fs from 'node:fs';

const TICK = 10; // ms of CPU time in one tick of /proc/<pid>/stat: Linux shows programs 100 a second

/** Memory in KB; what processes share is counted once. */
export function memory(pid) {
  return sum(pid, one => Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))[1]));
}

/** CPU time so far, in ms. */
export function cpu(pid) {
  return sum(pid, one => {
    const fields = stat(one);
    return (Number(fields[11]) + Number(fields[12])) * TICK; // utime and stime
  });
}

function sum(pid, measure) {
  return family(pid).reduce((total, one) => total + measure(one), 0);
}

/** A process and all its descendants. */
function family(pid) {
  const parents = new Map();
  for (const name of fs.readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    try {
      parents.set(Number(name), Number(stat(name)[1]));
    } catch {
      // it has just ended
    }
  }
  const members = [pid];
  for (const member of members) for (const [child, parent] of parents) if (parent === member) members.push(child);
  return members;
}

/** The fields of /proc/<pid>/stat after the name, which may contain spaces: state, parent, ... */
function stat(pid) {
  return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
}
