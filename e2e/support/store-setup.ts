import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { applicationNames, type ApplicationName } from "../../components/object-storage/applications";
import { keyVariables, setupFiles } from "../../components/object-storage/setup";
import { freePort, startServer, type LocalServer } from "../../lab/cluster/server";
import { hostTool } from "../../lab/cluster/tools";
import type { Settings } from "../../settings/schema";

/** The region of the store. */
export const region = "eu-home-1";

/** Its administrator. */
export const administrator = { id: "object-store-admin", secret: "root password with 'quotes\" & spaces" };

/** The user of each application. */
export const users: Record<ApplicationName, string> = { loki: "test-loki", mimir: "test-mimir" };

/** A version of an object, as MinIO's client lists it. */
export interface Version {
  /** The object's name below the path that was listed. */
  key: string;
  versionId: string;
  isDeleteMarker?: boolean;
}

/** A MinIO on the loopback, set up by the script of the embedded store's Job. */
export class StoreSetup {
  /** Where it keeps everything. */
  readonly folder = mkdtempSync(join(tmpdir(), "object-store-"));
  /** Its address; known once it was started. */
  url = "";
  /** The applications' keys that the next {@link run} brings. */
  keys: Record<ApplicationName, string> = { loki: "first-key-of-loki", mimir: "first-key-of-mimir" };
  private tools = { mc: "", minio: "" };
  private server?: LocalServer;

  /**
   * @param names of its buckets; others take effect with the next {@link write}
   * @param env what the server has in its environment beside what the pod has
   */
  constructor(
    public names: Settings["buckets"],
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  /** Builds the programs and finds a port. */
  async prepare(): Promise<void> {
    this.tools = { mc: await hostTool("mc"), minio: await hostTool("minio") };
    this.url = `http://127.0.0.1:${await freePort()}`;
  }

  /** Starts the server, and waits until it is ready. */
  async start(password = administrator.secret): Promise<void> {
    const address = `--address=${new URL(this.url).host}`;
    this.server = await startServer(this.tools.minio, ["server", "data", address, "--certs-dir=certs"], {
      cwd: this.folder,
      env: {
        ...this.env,
        MINIO_ROOT_USER: administrator.id,
        MINIO_ROOT_PASSWORD: password,
        MINIO_REGION: region,
        MINIO_BROWSER: "off",
        MINIO_UPDATE: "off",
      },
      ready: `${this.url}/minio/health/ready`,
    });
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    await this.server?.stop();
  }

  /** Ends the server and removes what it kept. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes the script's files in place of those that were there. */
  write(settings?: Parameters<typeof setupFiles>[2]): void {
    for (const [file, text] of Object.entries(setupFiles(this.names, applicationNames, settings)))
      writeFileSync(join(this.folder, file), text);
  }

  /** Runs the script; rejects with what it said where it fails. */
  run(password = administrator.secret): Promise<string> {
    const keys = applicationNames.flatMap((name) => {
      const { accessKey, secretKey } = keyVariables(name);
      return [
        [accessKey, users[name]],
        [secretKey, this.keys[name]],
      ];
    });
    return this.execute("sh", [join(this.folder, "setup.sh")], {
      PATH: `${dirname(this.tools.mc)}:${process.env.PATH}`,
      HOME: join(this.folder, "no-home"),
      MC_CONFIG_DIR: join(this.folder, "mc"),
      MINIO_URL: this.url,
      MINIO_REGION: region,
      MINIO_ROOT_USER: administrator.id,
      MINIO_ROOT_PASSWORD: password,
      ...Object.fromEntries(keys),
    });
  }

  /** Runs MinIO's client with an application's key; rejects when the server refuses. */
  as(name: ApplicationName, key: string, ...args: string[]): Promise<string> {
    return this.execute(this.tools.mc, args, {
      HOME: this.folder,
      MC_CONFIG_DIR: join(this.folder, `mc-${name}`),
      MC_HOST_store: this.url.replace("://", `://${users[name]}:${key}@`),
    });
  }

  /** Runs MinIO's client as the administrator, where the script left its alias `store`. */
  administrator(...args: string[]): Promise<string> {
    return this.execute(this.tools.mc, args, this.administrators);
  }

  /** The versions of all objects below a path: bucket, slash, prefix. */
  async versions(path: string): Promise<Version[]> {
    const said = await this.administrator("ls", "--versions", "--recursive", "--json", `store/${path}`);
    const lines = said.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Version);
  }

  /** Imports lifecycle rules as the administrator. */
  importRules(bucket: string, rules: object): Promise<string> {
    writeFileSync(join(this.folder, "rules.json"), JSON.stringify(rules));
    const mc = [this.tools.mc, "ilm", "rule", "import", `store/${bucket}`].map((word) => `'${word}'`).join(" ");
    return this.execute("sh", ["-c", `${mc} < rules.json`], this.administrators);
  }

  private get administrators() {
    return { HOME: this.folder, MC_CONFIG_DIR: join(this.folder, "mc") };
  }

  private async execute(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
    return (await promisify(execFile)(command, args, { cwd: this.folder, env, timeout: 240_000 })).stdout;
  }
}

/** Asserts that what was tried failed, and that it was said why. */
export const refused = (attempt: Promise<unknown>, why: RegExp): Promise<void> =>
  assert.rejects(attempt, ({ stderr }: { stderr: string }) => {
    assert.match(stderr, why);
    return true;
  });
