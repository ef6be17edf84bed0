import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atInterruption, settled } from "../../commands/shared/interruption";
import { policyPack } from "../../commands/pulumi/arguments";
import { CliMissing, findCli } from "../../commands/shared/pulumi-cli/launcher";
import { runPulumi } from "../../commands/shared/pulumi-cli/pulumi";
import { ownProgram, stackFile } from "../../engine/project";
import type { StackOptions } from "../../commands/shared/settings";

/** Pulumi's CLI for the sandbox: with its state in one folder, and without an account. */
export class PulumiCli {
  private readonly stack: string;
  private readonly settings: string;
  private readonly ownStackFile: string;
  private readonly environment: Record<string, string>;
  private cli?: string;

  /**
   * @param folder where state, passphrase and settings of the sandbox are kept; removed with the cluster
   * @param options the stack's name, and the file of its settings
   * @param kubeconfig path of the cluster's kubeconfig
   */
  constructor(folder: string, { stack, configFile }: StackOptions, kubeconfig: string) {
    const state = join(folder, "pulumi");
    mkdirSync(state, { recursive: true, mode: 0o700 });
    this.stack = stack;
    this.settings = readFileSync(configFile ?? stackFile(ownProgram, stack), "utf8");
    this.ownStackFile = stackFile(folder, stack);
    this.environment = {
      KUBECONFIG: kubeconfig,
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: kept(join(folder, "passphrase"), () => randomBytes(24).toString("base64url")),
    };
  }

  /** Whether the npm launcher finds or can download the CLI. */
  async canBeHad(): Promise<boolean> {
    try {
      this.cli = await findCli(process.env, () => undefined);
      return true;
    } catch (error) {
      if (error instanceof CliMissing) return false;
      throw error;
    }
  }

  /**
   * Deploys the stack, with its policies and its preview.
   * @param options `expectNoChanges`: fails if something would change; `config`: settings of this run, `key=value` without the project's name
   * @throws Error if Pulumi fails
   */
  async up({ expectNoChanges, config }: { expectNoChanges: boolean; config: readonly string[] }): Promise<void> {
    await this.select();
    const args = [
      "up",
      "--yes",
      "--stack",
      this.stack,
      "--config-file",
      this.ownStackFile,
      "--policy-pack",
      policyPack,
      "--config-path",
      ...config.flatMap((setting) => ["--config", `observability:${setting}`]),
    ];
    // After a killed run, the state may be out of date: Helm refuses to uninstall a release that is already uninstalled.
    const code = await this.pulumi([...args, expectNoChanges ? "--expect-no-changes" : "--refresh"]);
    if (code !== 0) throw new Error(`pulumi up failed (exit ${code}); see its output above`);
  }

  // Creating a stack writes the salt of its encryption into the repository's stack file, or makes one. That file is shared, so the
  // salt moves into the sandbox's own copy.
  private async select(): Promise<void> {
    const file = stackFile(ownProgram, this.stack);
    const shared = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    try {
      const code = await this.pulumi(["stack", "select", "--create", this.stack]);
      if (code !== 0) throw new Error(`pulumi stack select failed (exit ${code}); see its output above`);
      const salt = /^encryptionsalt: .*$/m;
      const line = kept(`${this.ownStackFile}.salt`, () => salt.exec(readFileSync(file, "utf8"))?.[0] ?? "");
      writeFileSync(this.ownStackFile, `${this.settings.trimEnd()}\n${line}\n`);
    } finally {
      if (shared === undefined) rmSync(file, { force: true });
      else writeFileSync(file, shared);
    }
  }

  private async pulumi(args: readonly string[]): Promise<number> {
    this.cli ??= await findCli(process.env, () => undefined);
    const running = runPulumi(this.cli, args, { env: { ...process.env, ...this.environment } });
    atInterruption(() => settled(running)); // Pulumi gets the signal too, and ends after it has written its state
    return running;
  }
}

function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, "utf8");
}
