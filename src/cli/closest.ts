/** Words that somebody may have meant. */

/** Slips in a word up to so many letters; one more for each so many further. */
const lettersPerSlip = 4;

/** Those that differ by the fewest slips, when these are few for the word's length; letter case is no slip. */
export function closest(word: string, names: readonly string[]): readonly string[] {
  const most = Math.ceil(word.length / lettersPerSlip);
  const found = names
    .map((name) => ({ name, slips: slipsBetween(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ slips }) => slips <= most);
  const fewest = Math.min(...found.map(({ slips }) => slips));
  return found.filter(({ slips }) => slips === fewest).map(({ name }) => name);
}

/** Letters to be added, left out, replaced, or swapped with the next: optimal string alignment. */
function slipsBetween(left: string, right: string): number {
  let [before, last]: [readonly number[], readonly number[]] = [
    [],
    Array.from({ length: right.length + 1 }, (_, at) => at),
  ];
  for (let row = 1; row <= left.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, next];
  }
  return last[right.length] ?? 0;
}
