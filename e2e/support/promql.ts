/** Expressions of rules and dashboards, tried on made-up series. */

/** A series that an expression selects. */
interface Selector {
  name: string;
  labels: Record<string, string>;
}

const matcher = /(\w+)\s*(=~|!=|!~|=)\s*("(?:[^"\\]|\\.)*"|'[^']*')/g;

/**
 * The series that expressions select: those with all labels that they ask for. Of a pattern the first alternative is taken if it is a plain text;
 * other patterns, and what must not be, are left out.
 * @param expressions PromQL
 */
export function selectorsOf(expressions: readonly string[]): Selector[] {
  const found = expressions.flatMap((expr) =>
    [...expr.matchAll(/\b([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g)].map(([, name, inside]) => ({
      name,
      labels: Object.fromEntries(
        [...inside.matchAll(matcher)].flatMap(([, label, operator, quoted]) => {
          const text = quoted.slice(1, -1).split("|")[0];
          const plain = operator === "=" || (operator === "=~" && /^[\w./-]+$/.test(text));
          return plain && text !== "" ? [[label, text]] : [];
        }),
      ),
    })),
  );
  // Those without matchers.
  const bare = expressions.flatMap((expr) =>
    [...expr.replace(/\{[^}]*\}|"[^"]*"/g, "").matchAll(/\b([a-z]+(?:_[a-z0-9]+)+)\b(?!\s*\()/g)].map(([, name]) => ({
      name,
      labels: {},
    })),
  );
  return [
    ...found,
    ...bare.filter(({ name }) => /_(total|bytes|seconds|series|count|sum|bucket|info|rules)$/.test(name)),
  ];
}

/**
 * Samples of series in Prometheus's text format: counters that rise at a steady rate, and gauges that stay.
 * @param selectors the series; one that is named twice is written once
 * @param seconds since the start
 */
export function exposition(selectors: readonly Selector[], seconds: number): string {
  const lines = new Map<string, string>();
  for (const [i, { name, labels }] of selectors.entries()) {
    const counter = /_(total|count|sum|bucket)$/.test(name);
    const common = { instance: "a", pod: "p-0", node: "n", container: "c", namespace: "monitoring", ...labels };
    const buckets = name.endsWith("_bucket") ? ["0.1", "1", "+Inf"] : [undefined];
    for (const le of buckets) {
      const all = Object.entries({ ...common, ...(le && { le }) }).sort(([a], [b]) => (a < b ? -1 : 1));
      const series = `${name}{${all.map(([label, text]) => `${label}="${text}"`).join(",")}}`;
      const speed = (i % 7) + 1;
      lines.set(series, `${series} ${counter ? Math.floor(seconds * speed) : name === "up" ? 1 : speed}`);
    }
  }
  return `${[...lines.values()].sort().join("\n")}\n`;
}
