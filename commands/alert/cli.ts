import { writeFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { alertmanagerUrl } from "../../components/alertmanager/address";
import { apiOf } from "../shared/api/api-server";
import {
  exitCode,
  runCommand,
  seconds,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { loadStackSettings } from "../shared/settings";
import { testAlert, type Delivery } from "./alert";

interface Arguments extends StackArguments {
  receiver?: string;
  label?: Record<string, string>;
  deadline: number;
  json?: string;
}

/**
 * The command `alert`: a test alert on the way that real ones take.
 * @param words its command line
 * @param terminal where its words go
 * @returns exit code: 0 every receiver took it, 1 one did not or nobody is notified, 2 invalid settings, a wrong command line, or an
 *   Alertmanager that doesn't answer
 */
export function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = stackCommand(
    "alert",
    "Sends a test alert to the stack's Alertmanager, waits until its receivers are notified, and resolves it",
  )
    .option("--receiver <name>", "a receiver that must be notified; the alert gets the labels of its route")
    .option("--label <name=value>", "a label of the alert; may be repeated", label)
    .option("--deadline <seconds>", "how long the notification may take, group_wait included", seconds, 120)
    .option("--json <file>", "write JSON to a file, or to standard output: -");
  return runCommand(command, words, terminal, (args: Arguments) => go(args, terminal));
}

async function go(args: Arguments, terminal: Terminal): Promise<number> {
  const { stack, receiver, label: given = {}, deadline, json } = args;
  const { settings } = loadStackSettings(args);
  const { cluster, namespace, alertmanager, adopt, kubernetes } = settings;
  const url = alertmanagerUrl(settings);
  const inMimir = alertmanager.implementation === "mimir" && adopt.alertmanagerUrl === undefined;
  const { deliveries, ...tested } = await testAlert({
    ...{ url, receiver, given, deadline },
    api: await apiOf(kubernetes, { milliseconds: deadline * 1000 }),
    metrics: inMimir ? { url: new URL(url).origin, prefix: "cortex_alertmanager_" } : { url, prefix: "alertmanager_" },
    labels: { namespace: namespace.name, ...(cluster.name && { cluster: cluster.name }) },
    signal: terminal.interrupt?.() ?? new AbortController().signal,
    tell: (line) => terminal.error(`${line}\n`),
  });
  const report = `${JSON.stringify({ stack, ...tested, deliveries }, null, 2)}\n`;
  if (json === "-") terminal.out(report);
  else {
    if (json !== undefined) writeFileSync(json, report);
    terminal.out(`${deliveries.map(line).join("\n")}\n`);
  }
  return deliveries.every(({ status }) => status === "delivered") ? exitCode.clean : exitCode.refused;
}

const line = ({ receiver, integration, status, found }: Delivery): string =>
  `${status === "delivered" ? "✓" : "✗"} ${[receiver, integration].filter(Boolean).join(" ")}: ${status}: ${found}`;

function label(text: string, all: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([a-zA-Z_]\w*)=([^]*)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("expected name=value, such as severity=warning.");
  return { ...all, [name]: value };
}

if (require.main === module) start(run);
