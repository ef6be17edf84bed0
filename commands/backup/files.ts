import { existsSync, writeFileSync } from "node:fs";
import { InvalidInput } from "../../engine/errors";
import type { Api, Reply } from "../shared/api/api-server";
import { whyNot } from "../shared/api/network";
import type { GrafanaApi } from "../shared/grafana/client";
import { exportByHand } from "../shared/grafana/export";
import { importByHand } from "../shared/grafana/import";
import { checkedMadeByHand, countAll } from "../shared/grafana/made-by-hand";
import { cliPath } from "../shared/pulumi-cli/launcher";
import { askPulumi } from "../shared/pulumi-cli/pulumi";
import { count } from "../shared/words";

/** A file as it comes out of the stack. */
export interface Taken {
  text: string;
  /** What is in it, counted. */
  what: string;
  /** What isn't in it, and what to do about that. */
  left: readonly string[];
}

/** What came of bringing one back. */
export interface Brought {
  /** What was done. */
  done: string;
  /** What needs a person. */
  open: readonly string[];
}

/** Something of a stack that is not in a bucket, and small. */
export interface Part {
  /** Throws InvalidInput when it can't be had. */
  take(): Promise<Taken>;
  /** What is there stays; a second time changes nothing. */
  bring(text: string): Promise<Brought>;
}

/** Names of the parts; each is a file of the backup. */
export const partNames = ["dashboards", "silences", "state"] as const;

/** Name of a part. */
export type PartName = (typeof partNames)[number];

/** What people made by hand in Grafana. Nothing in it is secret: Grafana gives no password away. */
export const dashboards = (grafana: GrafanaApi): Part => ({
  take: async () => {
    const { made, left } = await exportByHand(grafana, { provisioned: false });
    return { text: asText(made), what: countAll(made), left };
  },
  bring: async (text) => {
    const made = checkedMadeByHand(text, "dashboards.json of the backup");
    const { done, same, kept, refused, missing, open } = await importByHand(grafana, made, { overwrite: false });
    const sources = missing.map((line) => `no data source ${line} → grafana.dataSources`);
    return { done: `${done.length} created, ${same} exist already`, open: [...kept, ...refused, ...open, ...sources] };
  },
});

interface Silence {
  status?: { state: string };
  matchers: { name: string; value: string }[];
  startsAt: string;
  endsAt: string;
  comment: string;
  createdBy: string;
}

/**
 * Silences that are not over.
 * @param alertmanager its base URL, asked
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
export function silences(alertmanager: Api): Part {
  const ask = async (json?: unknown): Promise<Reply> => {
    const reply = await alertmanager.request("/api/v2/silences", { json }).catch((error: unknown) => {
      throw new InvalidInput(
        `Alertmanager (${alertmanager.server}) ${whyNot(error, { milliseconds: 60_000 })}\n→ ${away}`,
      );
    });
    if (reply.status === 200) return reply;
    throw new InvalidInput(`Alertmanager answers ${reply.status}: ${reply.body.trim().slice(0, 300)}\n→ ${away}`);
  };
  const all = async () =>
    (JSON.parse((await ask()).body) as Silence[]).filter(({ status }) => status?.state !== "expired");
  return {
    take: async () => {
      const found = await all();
      return { text: asText(found), what: count(found.length, "silence"), left: [] };
    },
    bring: async (text) => {
      const there = new Set((await all()).map(identity));
      const saved = JSON.parse(text) as Silence[];
      const over = saved.filter(({ endsAt }) => Date.parse(endsAt) <= Date.now());
      const wanted = saved.filter((silence) => !over.includes(silence) && !there.has(identity(silence)));
      // Alertmanager takes an id only of a silence that it has; the rest is all that it wants of a new one.
      for (const { matchers, startsAt, endsAt, comment, createdBy } of wanted)
        await ask({ matchers, startsAt, endsAt, comment, createdBy });
      const same = saved.length - over.length - wanted.length;
      return { done: `${wanted.length} created, ${same} exist already, ${over.length} have expired`, open: [] };
    },
  };
}

const away = "npm run verify shows whether Alertmanager runs; to leave silences out: --without silences";

/** Alertmanager begins a silence of the past when it is made: its beginning is not what it is. */
const identity = ({ matchers, endsAt, comment }: Silence) =>
  JSON.stringify([matchers.map(({ name, value }) => `${name}=${value}`).sort(), Date.parse(endsAt), comment]);

/**
 * Pulumi's state. Its secrets stay encrypted with the stack's own key, as `pulumi stack export` gives them; the passphrase, or the access to
 * the key, is not in it.
 * @param stack the stack as Pulumi knows it
 * @param file where it is put when it is brought back: only a person may replace a state
 */
export const state = (stack: string, file: string): Part => ({
  take: async () => {
    const cli = cliPath(process.env);
    const said = existsSync(cli) ? await askPulumi(cli, ["stack", "export", "--stack", stack]) : undefined;
    const resources = said === undefined ? undefined : resourcesIn(said);
    if (said === undefined || resources === undefined)
      throw new InvalidInput(
        `Pulumi doesn't give the state of stack ${stack}${existsSync(cli) ? "" : `: its CLI is not at ${cli}`}\n` +
          `→ npx pulumi stack export --stack ${stack} says why; to leave the state out: --without state`,
      );
    return { text: `${said}\n`, what: count(resources, "resource"), left: [] };
  },
  bring: async (text) => {
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
    return Promise.resolve({
      done: `written to ${file}`,
      open: [
        `if this stack has no state: npx pulumi stack import --stack ${stack} --file ${file}, with its old passphrase`,
      ],
    });
  },
});

function resourcesIn(text: string): number | undefined {
  try {
    return (JSON.parse(text) as { deployment: { resources?: unknown[] } }).deployment.resources?.length ?? 0;
  } catch {
    return undefined;
  }
}

const asText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
