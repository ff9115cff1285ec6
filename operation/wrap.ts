const NARROWEST = 40;

/** Lines of a text that are no wider than the screen; those after the first begin with so many blanks. A word is never cut. */
export function wrap(text: string, columns: number, indent: number): readonly string[] {
  const width = Math.max(NARROWEST, columns) - indent;
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => (index === 0 ? line : `${' '.repeat(indent)}${line}`));
}

/** How wide what is printed may be; a file has no width of its own. */
export function screenColumns(): number {
  return process.stdout.columns ?? 120;
}
