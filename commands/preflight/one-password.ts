import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Settings } from "../../settings/schema";
import { entriesOf, type GivenSecret } from "../../settings/sections/secrets";
import { ask, type Deadline } from "../shared/api/network";
import { failed, Finding, ok, outcome, skipped, type Found, type Result } from "../shared/api/result";

type OnePasswordSettings = NonNullable<Settings["secrets"]["onepassword"]>;

/** An item as Connect's API and `op item get --format json` give it, as far as it matters here. */
interface Item {
  title?: string;
  sections?: { id: string }[];
  fields?: { purpose?: string; label?: string; value?: string; section?: { id: string } }[];
}

/** A way to 1Password; what it can't give it throws as a {@link Finding}. */
interface Reader {
  vault(id: string): Promise<{ name?: string }>;
  item(vault: string, id: string): Promise<Item>;
}

/** What the preflight saw of 1Password. */
export interface OnePasswordLook {
  results: Result[];
  /** Fields of given secrets that could be read, in clear. */
  values: Partial<Record<GivenSecret, Record<string, string>>>;
}

const line = (what: string, found: Found): Result => ({ area: "secrets", what, ...found });

/**
 * Whether 1Password answers, and has the vault, items and fields in the settings.
 * @param settings vault, items, and the address of 1Password Connect
 * @param read the fields that the program reads of a given secret
 * @param env environment: OP_CONNECT_HOST, OP_CONNECT_TOKEN, OP_SERVICE_ACCOUNT_TOKEN
 * @param deadline how long each request may take
 */
export async function lookAtOnePassword(
  settings: OnePasswordSettings,
  read: (secret: GivenSecret) => readonly string[],
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
): Promise<OnePasswordLook> {
  const values: OnePasswordLook["values"] = {};
  const secrets = entriesOf<string>(settings.items);
  const reader = readerOf(settings, env, deadline);
  const vault = await outcome(async () => {
    const { name } = await (await reader).vault(settings.vault);
    return ok(`answers; vault ${name ? `"${name}"` : settings.vault}`);
  });
  const items = secrets.map(async ([secret, id]) => {
    const found = await outcome(async () => {
      if (vault.status !== "ok") return skipped("not checked: 1Password could not be asked");
      const item = await (await reader).item(settings.vault, id);
      values[secret] = fieldsOf(item, read(secret));
      return fields(item, read(secret), values[secret]);
    });
    return line(`item ${secret}`, found);
  });
  return { results: [line("1Password", vault), ...(await Promise.all(items))], values };
}

/** The fields that the program will find in an item, of those that it reads. */
function fieldsOf({ sections = [], fields = [] }: Item, read: readonly string[]): Record<string, string> {
  // What the provider's getItem returns (terraform-provider-onepassword, onepassword_item_data_source.go): the login's own fields,
  // and fields that stand in a section.
  const login: Record<string, string> = { username: "USERNAME", password: "PASSWORD" };
  const found = read.map((name) => {
    const own = fields.find(({ purpose, label, section }) => purpose === login[name] || (!section && label === name));
    const inSection = fields.find(
      ({ label, section }) => label === name && sections.some(({ id }) => id === section?.id),
    );
    return [name, (login[name] && own?.value) || inSection?.value];
  });
  return Object.fromEntries(found.filter(([, value]) => value)) as Record<string, string>;
}

function fields(item: Item, read: readonly string[], values: Record<string, string>): Found {
  const missing = read.filter((field) => !values[field]);
  const all = read.join(", ");
  if (missing.length === 0) return ok(`"${item.title}" has ${all}`);
  const labels = (item.fields ?? []).map(({ label }) => label).filter(Boolean);
  return failed(
    `"${item.title}" lacks ${missing.join(", ")}, or it is empty or in no section; it has ${labels.join(", ") || "no fields"}`,
    `in 1Password, add ${missing.map((field) => `a field labelled exactly "${field}"`).join(" and ")} to a section of the item`,
  );
}

async function readerOf(settings: OnePasswordSettings, env: NodeJS.ProcessEnv, deadline: Deadline): Promise<Reader> {
  const host = settings.connectUrl ?? env.OP_CONNECT_HOST;
  if (host && env.OP_CONNECT_TOKEN) return connect(host, env.OP_CONNECT_TOKEN, deadline);
  if (!settings.connectUrl && env.OP_SERVICE_ACCOUNT_TOKEN) return commandLine(env, deadline);
  throw new Finding(
    host
      ? failed(
          `${host} can't be asked: OP_CONNECT_TOKEN is not set`,
          "export OP_CONNECT_TOKEN=<token of the Connect server>",
        )
      : failed(
          "neither a Connect server nor a service account is configured",
          "set secrets.onepassword.connectUrl and OP_CONNECT_TOKEN, or OP_SERVICE_ACCOUNT_TOKEN",
        ),
  );
}

/** @see https://developer.1password.com/docs/connect/connect-api-reference */
function connect(host: string, token: string, deadline: Deadline): Reader {
  const get = async <T>(path: string, what: string): Promise<T> => {
    const answer = await ask(
      new URL(path, host),
      { authorization: `Bearer ${token}` },
      deadline,
      "start the Connect server, or correct secrets.onepassword.connectUrl (if it runs in the cluster: kubectl port-forward)",
    );
    if (!answer.ok) throw new Finding(refusal(answer.status, what));
    try {
      return JSON.parse(answer.body) as T;
    } catch {
      throw new Finding(
        failed(`${host} answers, but not as a Connect server`, "correct secrets.onepassword.connectUrl"),
      );
    }
  };
  return {
    vault: (id) => get(`/v1/vaults/${id}`, `vault ${id}`),
    item: (vault, id) => get(`/v1/vaults/${vault}/items/${id}`, `item ${id}`),
  };
}

function refusal(status: number, what: string): Found {
  const [kind] = what.split(" ");
  switch (status) {
    case 401:
      return failed(
        "the token is not accepted (401)",
        "create a token for this Connect server and export it as OP_CONNECT_TOKEN",
      );
    case 403:
      return failed(
        `the token may not read ${what} (403)`,
        `give the token access to the ${kind}, or use the right one`,
      );
    case 400:
    case 404:
      return failed(
        `there is no ${what} (${status})`,
        `use the right UUID (op ${kind} list); those in a new stack file are made up`,
      );
    default:
      return failed(`it answers the request for ${what} with ${status}`, "look at the Connect server's log");
  }
}

/** @see https://developer.1password.com/docs/cli/reference */
function commandLine(env: NodeJS.ProcessEnv, { milliseconds }: Deadline): Reader {
  const op = async <T>(args: string[], what: string): Promise<T> => {
    try {
      const { stdout } = await promisify(execFile)("op", [...args, "--format", "json"], { env, timeout: milliseconds });
      return JSON.parse(stdout) as T;
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      throw new Finding(
        code === "ENOENT"
          ? failed("the command `op` is missing; a service account needs it", "install 1Password's command line")
          : failed(
              `\`op\` can't read ${what}: ${stderr?.trim().split("\n")[0] || "no answer"}`,
              "check the token and the UUID",
            ),
      );
    }
  };
  return {
    vault: (id) => op(["vault", "get", id], `vault ${id}`),
    item: (vault, id) => op(["item", "get", id, "--vault", vault], `item ${id}`),
  };
}
