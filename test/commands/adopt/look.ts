import { parse } from "yaml";
import { run } from "../../../commands/adopt/cli";
import { serveCluster, type ApiObject } from "./cluster";

/** A day in the life of these tests. */
export const today = new Date("2026-11-21T12:00:00Z");

/** What is left to decide. */
export interface Question {
  what: string;
  how: string;
  settings?: Record<string, unknown>;
}

/** What the command said. */
export interface Looked {
  code: number;
  text: string;
  error: string;
  /** The printed settings, by top-level key. */
  settings: Record<string, Record<string, unknown>>;
  questions: Question[];
  problems: { key: string; what: string }[];
  unseen: { what: string; why: string }[];
  requests: string[];
}

/** What is there beside the objects. */
export interface Surroundings {
  /** Ends of the paths that may not be listed. */
  forbidden?: string[];
  /** What is answered at further paths. */
  answers?: Readonly<Record<string, unknown>>;
  /** Settings on top of the stack's file, which isn't there. */
  config?: string[];
  stack?: string;
}

/** Runs the command twice, for people and as JSON, against a cluster that has these objects. */
export async function look(
  objects: ApiObject[],
  { forbidden, answers, config = [], stack = "new" }: Surroundings = {},
): Promise<Looked> {
  const { kubeconfig, requests } = await serveCluster(objects, forbidden, answers);
  const options = [`kubernetes.kubeconfig=${kubeconfig}`, ...config].map((each) => `--config=${each}`);
  const once = async (...more: string[]) => {
    let [text, error] = ["", ""];
    const output = { out: (part: string) => (text += part), error: (part: string) => (error += part) };
    const code = await run(["--stack", stack, ...options, ...more], output, today);
    return { code, text, error };
  };
  const told = await once();
  const json = told.code === 0 ? (JSON.parse((await once("--json", "-")).text) as object) : {};
  const { config: printed = {} } = (parse(told.text) ?? {}) as { config?: Record<string, unknown> };
  const settings = Object.fromEntries(
    Object.entries(printed).map(([key, value]) => [key.replace("observability:", ""), value]),
  );
  return { ...told, ...json, settings, requests } as Looked;
}

/** What is left to decide, a line each. */
export const said = ({ questions }: Looked) => questions.map(({ what, how }) => `${what} → ${how}`).join("\n");
