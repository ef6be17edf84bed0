import { getItemOutput, Item, Provider, type GetItemResult } from "@1password/pulumi-onepassword";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import type { Retainable } from "../../settings/sections/removal";
import { entryOf, type GivenSecret } from "../../settings/sections/secrets";
import { kept } from "../kubernetes/keep";
import type { FieldOf, Login, SecretStore } from "./types";

type OnePasswordSettings = NonNullable<Settings["secrets"]["onepassword"]>;

/**
 * Secrets in a vault of 1Password.
 *
 * The token is never a setting: the provider reads OP_CONNECT_TOKEN, or OP_SERVICE_ACCOUNT_TOKEN where no Connect server is named.
 *
 * @see https://www.pulumi.com/registry/packages/onepassword/
 */
export class OnePassword implements SecretStore {
  private readonly provider: Provider;
  // Family plans allow a thousand reads a day, and every preview reads: one read of an item, and only of an item in use
  // (https://github.com/1Password/terraform-provider-onepassword/issues/184).
  private readonly items = new Map<GivenSecret, pulumi.Output<GetItemResult>>();

  /**
   * @param settings vault, items, and the address of 1Password Connect
   * @param retain what stays when Pulumi forgets it: the items that it made, or not
   * @param parent parent of the provider, the items and the reads
   */
  constructor(
    private readonly settings: OnePasswordSettings,
    private readonly retain: readonly Retainable[] | undefined,
    private readonly parent: pulumi.Resource,
  ) {
    this.provider = new Provider("onepassword", { url: settings.connectUrl }, { parent });
  }

  given<Secret extends GivenSecret>(secret: Secret, field: FieldOf<Secret>): pulumi.Output<string> {
    return this.item(secret).apply((item) => fieldOf(item, secret, field));
  }

  keep(name: string, { username, password }: Login): pulumi.Output<string> {
    const stack = pulumi.getStack();
    const item = new Item(
      name,
      {
        vault: this.settings.vault,
        category: "login", // a change of category replaces the item, and with it its history
        title: `${pulumi.getProject()} ${stack}: ${name}`,
        username,
        password,
        tags: [pulumi.getProject(), stack],
      },
      { parent: this.parent, provider: this.provider, ...kept("items", this.retain) },
    );
    return pulumi.secret(item.password);
  }

  private item(secret: GivenSecret): pulumi.Output<GetItemResult> {
    const read = this.items.get(secret) ?? this.read(secret);
    this.items.set(secret, read);
    return read;
  }

  // The only place that reads an item: `getItemOutput` marks nothing secret, neither password nor fields.
  private read(secret: GivenSecret): pulumi.Output<GetItemResult> {
    const { vault, items } = this.settings;
    const uuid = entryOf<string>(items, secret);
    if (!uuid) {
      const key = `observability:secrets.onepassword.items.${secret}`;
      throw new pulumi.RunError(
        `${key} is not set, and the stack needs it. Set it to the UUID of the item: op item list --vault ${vault}`,
      );
    }
    return pulumi.secret(getItemOutput({ vault, uuid }, { parent: this.parent, provider: this.provider }));
  }
}

/**
 * A field of an item: `username` and `password` are the login's own, any other is a field of that label, in whichever section.
 * @throws pulumi.RunError when the item has no such field or it is empty; the message names fields, never a value
 */
function fieldOf(item: GetItemResult, secret: GivenSecret, field: string): string {
  const login: Record<string, string> = { username: item.username, password: item.password };
  const labelled = (item.sections ?? []).flatMap((section) => section.fields ?? []);
  const value = login[field] || labelled.find(({ label }) => label === field)?.value;
  if (!value) {
    throw new pulumi.RunError(
      `The 1Password item ${item.uuid} (given secret ${secret}) has no field "${field}", or it is empty. ` +
        `It has: ${labelled.map(({ label }) => `"${label}"`).join(", ") || "no labelled field"}. ` +
        `Add a field with exactly that label to the item (in any section; username and password are the login's own).`,
    );
  }
  return value;
}
