/** "95 s", "3 min", "7 h", "2 d" */
export function age(seconds: number): string {
  if (seconds < 180) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3 * 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 3 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
