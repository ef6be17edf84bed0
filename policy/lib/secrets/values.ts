import { inner } from "../paths";
import type { Resource } from "../resource";
import { isBlock, type Block } from "../unknown";
import { isDistinctive } from "./distinctive";

/** A secret that a resource holds where secrets belong. */
export interface HeldSecret {
  resource: Resource;
  /** Where in the resource, such as `data.password`. */
  path: string;
  /** The secret itself: for comparison only, never for a message. */
  value: string;
}

// Where resources that are not Kubernetes' hold a secret; a path may lead to a list or a mapping of them.
const holders: Readonly<Record<string, readonly string[]>> = {
  "random:index/randomPassword:RandomPassword": ["result"],
  "onepassword:index/item:Item": ["password", "noteValue", "sections"],
  "minio:index/iamUser:IamUser": ["secret"],
  "minio:index/iamServiceAccount:IamServiceAccount": ["secretKey"],
  "pulumi:providers:minio": ["minioPassword"],
  "pulumi:providers:onepassword": ["token", "serviceAccountToken"],
  "tls:index/privateKey:PrivateKey": ["privateKeyPem"],
};

// Keys that say who or where, beside the secret: an access key is a user's name.
const open =
  /(^|[-_.])(user(_?name)?|login|e?mail|host(name)?|address|endpoint|server|region|bucket(_?names?)?|port|db|database|name(space)?|(access_?)?key_?id|access_?key|client_?id|realm|issuer|scheme|type|cert(ificate)?|crt|uuid|id|label|purpose|format|category)$/i;
// A setting within a text whose value is secret.
const setting =
  /["']?[\w.-]{0,60}(?:password|passwd|secret|token|api_?key|secret_?key|access_?key|private_?key|credentials?|auth)["']?\s*[:=]\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"',}]+))/gi;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+(\S{40,})/g;
const inUrl = /\/\/[^\s/:@"']{0,100}:([^\s@/"']+)@/g;

/**
 * The secrets of a resource: each value of a Secret, and of a RandomPassword, a 1Password item or a MinIO user its secret part. Of a text
 * that is more than a secret (a configuration, a private key, an address) the parts that are. Those that could as well be a word are left
 * out, and those that a preview doesn't know.
 */
export function secretsOf(resource: Resource): HeldSecret[] {
  return valuesOf(resource).flatMap(([path, text]) =>
    [...new Set(partsOf(text))]
      .filter((part) => isDistinctive(part))
      .map((value): HeldSecret => ({ resource, path, value })),
  );
}

/** Whether a resource is a Kubernetes Secret, or something that stands in for one. */
export function isSecret({ type }: Pick<Resource, "type">): boolean {
  return /^kubernetes:core\/v1:Secret(Patch|List)?$/.test(type);
}

function valuesOf({ type, props }: Resource): [path: string, text: string][] {
  if (!type.startsWith("kubernetes:")) return (holders[type] ?? []).flatMap((path) => leaves(props[path], path));
  return isSecret({ type }) ? ofSecret(props, "") : [];
}

function ofSecret({ stringData, data, items }: Block, path: string): [string, string][] {
  const decode = (text: string) => Buffer.from(text, "base64").toString("utf8").trim();
  const list = inner(path, "items");
  return [
    ...leaves(stringData, inner(path, "stringData")),
    ...leaves(data, inner(path, "data")).map(([place, text]): [string, string] => [place, decode(text)]),
    ...(Array.isArray(items) ? items : []).flatMap((item, index) =>
      isBlock(item) ? ofSecret(item, inner(list, index)) : [],
    ),
  ];
}

function leaves(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value.trim()]];
  if (!Array.isArray(value) && !isBlock(value)) return [];
  return Object.entries(value as Block)
    .filter(([key]) => !open.test(snake(key)) || /secret/i.test(key))
    .flatMap(([key, each]) => leaves(each, inner(path, Array.isArray(value) ? Number(key) : key)));
}

// accessKeyId as access_key_id.
function snake(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
}

function partsOf(text: string): string[] {
  if (/-----BEGIN /.test(text)) return first(text, privateKey);
  if (/\n|^\s*\{/.test(text)) return [...first(text, setting), ...first(text, inUrl)].filter(isGiven);
  if (!/^[a-z][\w+.-]*:\/\//i.test(text)) return [text];
  // Who has a webhook's address may call it: only the part that can't be guessed is secret.
  return [...first(text, inUrl), ...text.split(/[/?&=#:]/).filter((part) => /\d/.test(part) && !/\./.test(part))];
}

// A path, a placeholder or a template stands for a secret that is elsewhere.
function isGiven(part: string): boolean {
  return !/^[/$<]|\{\{|\$\{/.test(part);
}

function first(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match.slice(1).find((group) => group !== undefined) ?? "");
}
