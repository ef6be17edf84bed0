import { AwsClient } from "aws4fetch";
import type { AppBuckets, Application } from "./buckets";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { NoAnswer, Unreachable, type Reach } from "./reach";

/** Each bucket of an application can be listed with the application's own key; Loki's has something in it. */
export async function objectsListed({ subject, reach }: Context, name: Application): Promise<Outcome> {
  const app = subject.buckets[name];
  if (!app) return fail("its configuration doesn't name a bucket");
  const values = await valuesOf(app, reach).catch((error: Error) => error);
  if (values instanceof Missing) return fail(values.message, { todo: values.todo });
  if (values instanceof Error)
    return /answers 403/.test(values.message)
      ? pass("not checked: these credentials may not read the Secret with its key (403)")
      : fail(values.message);
  const expand = (text: string) =>
    text.replace(
      /\$\{(\w+)(?::-?([^}]*))?\}/g,
      (_, variable: string, byDefault = "") => values.get(variable) || byDefault,
    );
  const listed = await Promise.all(
    app.buckets.map(async ({ name, prefix, endpoint, region, forcePathStyle, accessKey, secretKey }) => {
      const bucket = expand(name);
      const found = await objectsIn(reach, {
        url: expand(endpoint),
        region: expand(region),
        bucket,
        prefix,
        forcePathStyle,
        accessKeyId: expand(accessKey ?? "${AWS_ACCESS_KEY_ID}"),
        secretAccessKey: expand(secretKey ?? "${AWS_SECRET_ACCESS_KEY}"),
      }).catch((error: Error) => error);
      const called = prefix ? `${bucket}/${prefix}` : bucket;
      return {
        ok: typeof found === "string",
        found: `${called}: ${typeof found === "string" ? found : found.message}`,
      };
    }),
  );
  const said = listed.map(({ found }) => found).join("; ");
  if (listed.some(({ ok }) => !ok)) return fail(said, { todo: "docs/troubleshooting.md, section “S3”" });
  return name === "loki" && said.endsWith(none) ? fail(said) : pass(said);
}

/** What pods take a variable from isn't there: they don't start without it. */
class Missing extends NoAnswer {
  readonly todo =
    "if it belongs to a bucket claim, npm run preflight shows why the claim isn't bound; otherwise npm run up -- --refresh creates it again";
}

/** The pods' variables: the only place where a Secret's value is read; it is shown nowhere, and leaves only as a signature. */
async function valuesOf({ namespace, variables }: AppBuckets, reach: Reach): Promise<Map<string, string>> {
  const values = variables.map(async ({ name, value, valueFrom: { configMapKeyRef, secretKeyRef } = {} }) => {
    const from = secretKeyRef ?? configMapKeyRef;
    if (!from) return [name, value ?? ""] as const;
    const path = `/api/v1/namespaces/${namespace}/${secretKeyRef ? "secrets" : "configmaps"}/${from.name}`;
    const object = await reach.object<{ data?: Record<string, string> }>(path);
    if (!object)
      throw new Missing(`there is no ${secretKeyRef ? "Secret" : "ConfigMap"} ${from.name}, which its pods need`);
    const text = object.data?.[from.key] ?? "";
    return [name, secretKeyRef ? Buffer.from(text, "base64").toString() : text] as const;
  });
  return new Map(await Promise.all(values));
}

const most = 1000;
const none = "no object";

interface Listing {
  url: string;
  region: string;
  bucket: string;
  prefix?: string;
  forcePathStyle: boolean;
  accessKeyId: string;
  secretAccessKey: string;
}

/** How many objects a bucket has, in words; signed for whatever host the server sees. */
async function objectsIn(reach: Reach, listing: Listing): Promise<string> {
  const { url, region, bucket, prefix, forcePathStyle, accessKeyId, secretAccessKey } = listing;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3" });
  // The API server's proxy knows a Service by its name alone, so that a bucket can't be in the host.
  const { host, isOutside } = reach.seenBy(url);
  const inHost = isOutside && !forcePathStyle;
  const server = new URL(url);
  if (inHost) server.hostname = `${bucket}.${server.hostname}`;
  const seen = new URL(`http://${inHost ? `${bucket}.${host}/` : `${host}/${bucket}`}`);
  const query = { "list-type": "2", "max-keys": `${most}`, ...(prefix && { prefix: `${prefix}/` }) };
  seen.search = new URLSearchParams({ ...query, "X-Amz-Expires": "60" }).toString();
  const signed = new URL((await client.sign(seen.href, { aws: { signQuery: true } })).url);
  const xml = await reach.url(server.origin, `${signed.pathname}${signed.search}`).catch((error: Error) => {
    // Only pods need to reach it.
    if (isOutside && error instanceof Unreachable) return undefined;
    const [, code] = /<Code>(\w+)<\/Code>/.exec(error instanceof NoAnswer ? error.body : "") ?? [];
    throw code ? new NoAnswer(`the object store refuses it (${code})`) : error;
  });
  if (xml === undefined) return `not checked: ${server.host} can't be reached from here`;
  const objects = [...xml.matchAll(/<LastModified>([^<]+)<\/LastModified>/g)].map(([, time]) => time).sort();
  if (objects.length === 0) return none;
  const more = /<IsTruncated>true</.test(xml) ? "more than " : "";
  return `${more}${count(objects.length, "object")}, of these the newest from ${objects[objects.length - 1]}`;
}
