const LONGEST = 2_000;

/** Splits what a program prints into lines; one without an end is cut, so that it cannot grow for ever. */
export function lines(line: (text: string) => void): { push(chunk: string): void; end(): void } {
  let rest = '';
  return {
    push: (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) line(part.slice(0, LONGEST));
      while (rest.length > LONGEST) {
        line(rest.slice(0, LONGEST));
        rest = rest.slice(LONGEST);
      }
    },
    end: () => {
      if (rest !== '') line(rest);
      rest = '';
    },
  };
}
