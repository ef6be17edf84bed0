import { createHmac } from "node:crypto";
import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { Provider as RandomProvider, RandomPassword } from "@pulumi/random";
import type { SecretValues, Settings } from "../../settings/schema";
import type { Retainable } from "../../settings/sections/removal";
import { podSecrets, type GivenSecret, type PodSecret } from "../../settings/sections/secrets";
import type { Environment } from "../kubernetes/environment";
import { labels } from "../kubernetes/labels";
import { kebabCase } from "../kubernetes/names";
import { OnePassword } from "./onepassword";
import { stackConfig } from "./stack-config";
import type { FieldOf, SecretRef, SecretStore } from "./types";

/** Arguments of {@link Secrets}. */
export interface SecretsArgs {
  environment: Environment;
  settings: Settings["secrets"];
  /** Given secrets of provider `config`, in clear; never recorded as an input. */
  values: SecretValues;
  /** What stays when Pulumi forgets it; default: nothing, everything is protected. */
  retain?: readonly Retainable[];
}

/** The keys of a Kubernetes Secret, each with its value. */
export type SecretData = Record<string, pulumi.Input<string>>;

/** A generated secret's own options. */
export interface GenerateOptions {
  /** Number of letters and digits; default 32. MinIO takes secret keys of 8 to 40. */
  length?: number;
  /** The user name that goes with it; default: its name. */
  username?: string;
}

/**
 * Every secret of a stack: the ones a person gave, the ones the program generates, and the Kubernetes Secrets that bring both to pods.
 * Nothing that it returns shows a value: the outputs are secret, and names and keys are plain.
 */
export class Secrets extends pulumi.ComponentResource {
  private readonly settings: Settings["secrets"];
  private readonly environment: Environment;
  private readonly store: SecretStore;
  private readonly random: RandomProvider;
  private salt?: RandomPassword;

  constructor(
    name: string,
    { environment, settings, values, retain }: SecretsArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("observability:secrets:Secrets", name, { environment, settings }, opts);
    this.settings = settings;
    this.environment = environment;
    this.store =
      settings.provider === "onepassword"
        ? new OnePassword(onePasswordSettings(settings), retain, this)
        : stackConfig(values);
    this.random = new RandomProvider("random", {}, { parent: this });
    this.registerOutputs({});
  }

  /** Part of names that must change with a rotation and yet be known in a preview: a Job's. */
  get rotation(): number {
    return this.settings.rotation;
  }

  /**
   * A field that a person gave.
   * @param secret which secret
   * @param field one of its fields
   * @returns a secret output
   * @throws pulumi.RunError when it was not given
   */
  given<Name extends GivenSecret>(secret: Name, field: FieldOf<Name>): pulumi.Output<string> {
    return this.store.given(secret, field);
  }

  /**
   * A secret that the program makes, and replaces when `secrets.rotation` is raised. It is kept in the store and used from there.
   *
   * Letters and digits only: it stands in URLs, in shell scripts and in environment variables of programs that expand `$`.
   *
   * @param name of the resources, and of the 1Password item
   * @returns a secret output
   */
  generate(name: string, { length = 32, username = name }: GenerateOptions = {}): pulumi.Output<string> {
    const generated = new RandomPassword(
      name,
      { length, special: false, keepers: { rotation: String(this.settings.rotation) } },
      // Not protected: a rotation replaces it, which protection would refuse. The item that keeps the value is.
      { parent: this, provider: this.random },
    );
    return this.store.keep(name, { username, password: generated.result });
  }

  /**
   * The Kubernetes Secret that brings secrets to pods: the program's own, or the existing one that the setting `secrets.existing` names.
   * @param secret what it is for; its name follows from that (`lokiObjectStore` → `loki-object-store`)
   * @param data its keys and values. Not called for a Secret that exists, so that nothing is read, generated or made for it
   * @param read the keys that are read of a Secret that exists; default: those that `podSecrets` lists
   */
  mount(secret: PodSecret, data: () => SecretData, read: readonly string[] = podSecrets[secret].keys): SecretRef {
    const existing = this.settings.existing[secret];
    if (existing) {
      const keys = read.map((key) => [key, existing.keys[key] ?? key]);
      return { name: existing.name, keys: Object.fromEntries(keys), version: "" };
    }
    const name = kebabCase(secret);
    const content = data();
    const made = new Secret(
      name,
      {
        metadata: { name, namespace: this.environment.namespace, labels: labels({ name }) },
        type: "Opaque",
        // Not stringData: a key that goes would stay in the object, as the API server only ever adds from it.
        data: pulumi.output(content).apply((plain) => mapValues(plain, base64)),
      },
      { parent: this },
    );
    const keys = Object.keys(content);
    return { name, keys: Object.fromEntries(keys.map((key) => [key, key])), version: this.version(content, made) };
  }

  // Keyed by a salt that only the state has: a plain checksum of a short secret could be guessed from the annotation.
  // It waits for the Secret, so that what restarts for it finds it.
  private version(content: SecretData, made: Secret): pulumi.Output<string> {
    this.salt ??= new RandomPassword(
      "secret-version-salt",
      { length: 32, special: false },
      { parent: this, provider: this.random },
    );
    const version = pulumi.all([this.salt.result, pulumi.output(content), made.metadata.name]).apply(([salt, plain]) =>
      createHmac("sha256", salt)
        .update(JSON.stringify(Object.entries(plain).sort()))
        .digest("hex")
        .slice(0, 16),
    );
    return pulumi.unsecret(version);
  }
}

function onePasswordSettings({ onepassword }: Settings["secrets"]) {
  if (!onepassword) {
    throw new pulumi.RunError(
      "observability:secrets.onepassword is not set, and secrets.provider is onepassword. Set its vault and items.",
    );
  }
  return onepassword;
}

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

function mapValues<T, R>(record: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
