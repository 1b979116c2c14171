/**
 * How far down each row of a list begins, where any height may change: a Fenwick tree, in which a change and a look-up
 * take a dozen additions among thousands of rows. `top(index)` in px; `rowAt(px)`, the index; `grow(index, px)`.
 */
export function topsOf(heights) {
  const tree = new Float64Array(heights.length + 1);
  const grow = (index, px) => {
    for (let at = index + 1; at < tree.length; at += at & -at) tree[at] += px;
  };
  const top = (index) => {
    let sum = 0;
    for (let at = index; at > 0; at -= at & -at) sum += tree[at];
    return sum;
  };
  const rowAt = (px) => {
    let index = 0;
    for (let step = 1 << 20; step; step >>= 1) if (tree[index + step] <= px) px -= tree[(index += step)];
    return Math.min(index, heights.length - 1);
  };
  heights.forEach((height, index) => grow(index, height));
  return { top, rowAt, grow };
}
