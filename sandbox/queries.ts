import type { Kubectl } from "./kubectl";

/** A question to Loki, and its answer. */
export interface Answer {
  /** What is asked, in words. */
  question: string;
  /** In LogQL. */
  query: string;
  /** One line each. */
  answer: string[];
}

interface Result {
  data: {
    result: {
      metric?: Record<string, string>;
      stream?: Record<string, string>;
      value?: [number, string];
      values?: [string, string][];
    }[];
  };
}

const questions: readonly { question: string; query: string; range?: boolean }[] = [
  {
    question: "How many lines came in the last five minutes, by application?",
    query: 'sum by (app) (count_over_time({app=~".+"}[5m]))',
  },
  { question: "What was the last line of the canary?", query: '{app="loki-canary"}', range: true },
  { question: "How many bytes a second did they bring?", query: 'sum by (app) (bytes_rate({app=~".+"}[5m]))' },
];

/**
 * Asks Loki three questions through the API server's proxy, so that neither an ingress nor a port-forward is needed.
 * @param kubectl the cluster
 * @param namespace where Loki is
 * @throws Error when Loki doesn't answer
 */
export function ask(kubectl: Kubectl, namespace: string): Promise<Answer[]> {
  return Promise.all(
    questions.map(async ({ question, query, range }) => {
      const path = range ? `query_range?limit=1&since=10m&query=` : "query?query=";
      const text = await kubectl.get(
        `/api/v1/namespaces/${namespace}/services/loki-gateway:80/proxy/loki/api/v1/${path}${encodeURIComponent(query)}`,
      );
      return { question, query, answer: (JSON.parse(text) as Result).data.result.map(line) };
    }),
  );
}

function line({ metric, stream, value, values }: Result["data"]["result"][number]): string {
  const labels = Object.entries(metric ?? stream ?? {}).map(([k, v]) => `${k}="${v}"`);
  return `{${labels.join(", ")}} ${value?.[1] ?? values?.[0]?.[1].trim() ?? ""}`;
}
