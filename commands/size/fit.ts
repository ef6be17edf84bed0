/** A straight line through measured points: `fixed + slope · x`. */
export interface Line {
  fixed: number;
  slope: number;
  /** The most that a point is off the line, as a share of the point. */
  error: number;
}

/**
 * The line nearest to points by least squares, of which neither part is below zero: nothing takes less than no time, or less the more there is.
 * @param points at least one; through one alone the line is level
 */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)];
  const spread = mean((point) => (point[0] - x) ** 2);
  const slope = spread === 0 ? 0 : Math.max(0, mean((point) => (point[0] - x) * (point[1] - y)) / spread);
  const fixed = y - slope * x;
  const line = fixed >= 0 ? { fixed, slope } : { fixed: 0, slope: mean(([x, y]) => x * y) / mean(([x]) => x * x) };
  const error = Math.max(...points.map(([x, y]) => Math.abs(line.fixed + line.slope * x - y) / (y || 1)));
  return { ...line, error };
}

/** The line's value. */
export const at = ({ fixed, slope }: Line, x: number): number => fixed + slope * x;
