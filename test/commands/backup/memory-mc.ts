import { readFileSync, writeFileSync } from "node:fs";
import { Mc, McFailed, type Usage } from "../../../commands/backup/mc";

/** Buckets and folders in memory, copied between as `mc mirror` does it: name of an object, with its place before it → what is in it. */
export class MemoryMc extends Mc {
  readonly objects = new Map<string, string>();
  /** Places that refuse to be written to. */
  readonly readOnly: string[] = [];
  /** An alias, and another one for the same server: objects have the second in their names. */
  sameServer?: readonly [alias: string, of: string];
  /** Called before each copy; what it throws ends the copy. */
  meanwhile: (copy: number) => void = () => undefined;
  copies = 0;

  constructor() {
    super("none", {}, new AbortController().signal);
  }

  /** Names below a place, in their order. */
  below(place: string): string[] {
    const names = [...this.objects.keys()].filter((name) => name.startsWith(`${place}/`));
    return names.map((name) => name.slice(place.length + 1)).sort();
  }

  override mirror(flags: readonly string[], from: string, to: string): Promise<void> {
    this.meanwhile(this.copies++);
    const patterns = flags.filter((_, i) => flags[i - 1] === "--exclude").map(expression);
    const wanted = (name: string) => !patterns.some((pattern) => pattern.test(name));
    for (const name of this.below(from).filter(wanted)) this.put(`${to}/${name}`, this.objects.get(`${from}/${name}`)!);
    if (flags.includes("--remove"))
      for (const name of this.below(to).filter(wanted))
        if (!this.objects.has(`${from}/${name}`)) this.objects.delete(`${to}/${name}`);
    return Promise.resolve();
  }

  override usage(place: string): Promise<Usage> {
    const names = this.below(place);
    const size = names.reduce((sum, name) => sum + this.objects.get(`${place}/${name}`)!.length, 0);
    return Promise.resolve({ objects: names.length, size });
  }

  override list(place: string): Promise<string[]> {
    return Promise.resolve([...new Set(this.below(place).map((name) => name.replace(/\/.*/, "/")))]);
  }

  override read(object: string): Promise<string | undefined> {
    return Promise.resolve(this.objects.get(this.named(object)));
  }

  /** A name with a slash before it is a file of this machine. */
  override copy(from: string, to: string): Promise<void> {
    if (to.startsWith("/")) writeFileSync(to, this.objects.get(from)!, "latin1");
    else this.put(to, readFileSync(from, "latin1"));
    return Promise.resolve();
  }

  override async write(object: string, text: string): Promise<void> {
    this.put(object, text);
    return Promise.resolve();
  }

  override remove(object: string): Promise<void> {
    this.objects.delete(this.named(object));
    return Promise.resolve();
  }

  private put(object: string, text: string): void {
    if (this.readOnly.some((place) => object.startsWith(`${place}/`))) throw new McFailed("Access Denied.");
    this.objects.set(this.named(object), text);
  }

  private named(object: string): string {
    const [alias, of] = this.sameServer ?? [];
    return object.startsWith(`${alias}/`) ? object.replace(`${alias}/`, `${of}/`) : object;
  }
}

const expression = (pattern: string) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
