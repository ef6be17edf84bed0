import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Adoption } from "../../commands/adopt/adopt";
import { run as adopt } from "../../commands/adopt/cli";
import {
  belongingsOf,
  missing,
  owningKinds,
  type BelongingKind,
  type Belongings,
  type Ending,
  type Owning,
} from "../../commands/shared/belongings";
import type { Run } from "../../commands/shared/command-line";
import type { KubernetesObject } from "../../commands/shared/objects";
import { run as verify } from "../../commands/verify/cli";
import type { Report } from "../../commands/verify/verify";
import { kubeconfigPath } from "../../lab/cluster/paths";
import { testStackWords } from "../../test/stacks/stacks";
import { settingsOf, type Transition } from "./transition";

/**
 * What the monitoring had before an adoption, and has after each step, as `adopt` and `verify` list it. The cluster may have other stacks, which come
 * and go: only names of the test's own objects count.
 */
export class KeptLists {
  private readonly ours: Belongings;
  private had: Belongings = {};
  /** What was said before the adoption to end. */
  ends: Ending[] = [];
  /** The file that the next step is compared with. */
  private last = "";

  /**
   * @param folder for the commands' files
   * @param objects the test's own, each of which some monitoring has
   */
  constructor(
    private readonly folder: string,
    objects: readonly KubernetesObject[],
  ) {
    const of = (kind: string) => objects.filter((object) => object.kind === kind) as unknown as Owning[];
    this.ours = belongingsOf(Object.fromEntries(Object.keys(owningKinds).map((kind) => [kind, of(kind)])));
  }

  /**
   * Runs `npm run adopt`, and keeps its lists.
   * @returns what it proposes
   */
  async adopt(transition: Transition): Promise<Adoption> {
    const { code, text, said } = await this.command(adopt, transition, ["--json", "-"]);
    assert.equal(code, 0, said);
    const adoption = JSON.parse(text) as Adoption;
    assert.deepEqual(this.own(adoption.has), this.ours, "adopt doesn't list all that there is");
    this.had = this.ours;
    this.ends = adoption.ends.filter(({ kind, name }) => this.ours[kind]?.includes(name));
    this.record("adopted", this.ends);
    return adoption;
  }

  /**
   * Runs `npm run verify` against the list of the step before, which must miss nothing that wasn't said.
   * @returns what is gone since the adoption: none of it but what `adopt` said
   */
  async after(transition: Transition): Promise<string[]> {
    // Rows about what the test doesn't install fail.
    const { text, said } = await this.command(verify, transition, ["--json", "-", "--before", this.last]);
    assert.match(text, /^\{/, said);
    const { has = {}, ends = [], checks } = JSON.parse(text) as Report;
    const row = checks.find(({ id }) => id === "record/kept")!;
    assert.equal(row.result, "pass", [row.detail, ...(row.notes ?? [])].join("\n"));
    const gone = missing(this.had, has);
    const key = ({ kind, name }: { kind: BelongingKind; name: string }) => `${kind} ${name}`;
    const saidBefore = new Set(this.ends.map(key));
    assert.deepEqual(
      gone.map(key).filter((each) => !saidBefore.has(each)),
      [],
      "gone, and adopt didn't say so",
    );
    this.record(transition.stage, ends, this.own(has));
    return gone.map(({ name }) => name).sort();
  }

  private own(has: Belongings): Belongings {
    const kinds = Object.keys(this.ours) as BelongingKind[];
    return Object.fromEntries(
      kinds.map((kind) => [kind, this.ours[kind]!.filter((name) => has[kind]?.includes(name))]),
    );
  }

  private record(name: string, ends: readonly Ending[], has: Belongings = this.had): void {
    this.last = join(this.folder, `${name}.json`);
    writeFileSync(this.last, JSON.stringify({ has, ends }));
  }

  private async command(run: Run, transition: Transition, words: string[]) {
    let [text, said] = ["", ""];
    const config = [...settingsOf(transition), `kubernetes.kubeconfig=${process.env.KUBECONFIG ?? kubeconfigPath()}`];
    const code = await run(
      [...testStackWords(transition.stack), ...config.flatMap((each) => ["--config", each]), ...words],
      { out: (part) => (text += part), error: (part) => (said += part) },
    );
    return { code, text, said };
  }
}

/** A nested setting as `--config` takes it, a value each. */
export const flattened = (key: string, value: unknown): string[] =>
  Array.isArray(value)
    ? value.flatMap((each, i) => flattened(`${key}[${i}]`, each))
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([name, each]) => flattened(`${key}.${name}`, each))
      : [`${key}=${String(value)}`];
