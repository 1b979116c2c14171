/**
 * Where each row of a list begins, if any height may change: a Fenwick tree, in which a change and a look-up take a dozen
 * additions among thousands of rows. `offset(index)` in px; `rowAt(px)`, an index; `grow(index, px)`.
 */
export function rowOffsets(heights) {
  const tree = new Float64Array(heights.length + 1);

  function grow(index, px) {
    for (let at = index + 1; at < tree.length; at += at & -at) tree[at] += px;
  }

  function offset(index) {
    let sum = 0;
    for (let at = index; at > 0; at -= at & -at) sum += tree[at];
    return sum;
  }

  function rowAt(px) {
    let index = 0;
    for (let step = 1 << 20; step; step >>= 1) {
      if (!(tree[index + step] <= px)) continue;
      index += step;
      px -= tree[index];
    }
    return Math.min(index, heights.length - 1);
  }

  heights.forEach((height, index) => grow(index, height));
  return { offset, rowAt, grow };
}
