import { AwsClient } from "aws4fetch";
import type { Settings } from "../../settings/schema";
import { ask, type Deadline } from "../shared/api/network";
import { failed, Finding, ok, outcome, skipped, unsure, type Found, type Result } from "../shared/api/result";
import { bucketSubresources, judgeBucketRules, type BucketRules } from "./bucket-rules";

type MinioSettings = Extract<Settings["objectStore"], { kind: "minio" }>;
type ExistingSettings = Extract<Settings["objectStore"], { kind: "existing" }>;

/** A key to S3, in clear. */
export interface S3Key {
  id: string;
  secret: string;
}

const line = (what: string, found: Found): Result => ({ area: "object store", what, ...found });

const noKey = "not tried: its key can't be read from here";

/**
 * Whether MinIO answers where Pulumi will ask it, and knows the administrator and the buckets to import.
 * @param settings the object store's settings
 * @param buckets names of the stack's buckets
 * @param key the administrator's key; undefined where it can't be read
 * @param deadline how long each request may take
 */
export async function lookAtMinio(
  settings: MinioSettings,
  buckets: readonly string[],
  key: S3Key | undefined,
  deadline: Deadline,
): Promise<Result[]> {
  const url = `${settings.providerTls ? "https" : "http"}://${settings.providerAddress}`;
  const server = await outcome(() => health(url, settings, deadline));
  if (server.status === "failed" || !key) {
    return [line("MinIO", server), line("administrator", skipped(key ? "not tried: MinIO could not be asked" : noKey))];
  }
  const s3 = new S3(url, settings.region, key, deadline);
  let existing: string[] = [];
  const administrator = await outcome(async () => {
    existing = await listBuckets(s3);
    return ok("its key is accepted");
  });
  if (administrator.status !== "ok") return [line("MinIO", server), line("administrator", administrator)];
  const fix = "set objectStore.keepDeleted, such as 7d";
  const rules = [...new Set(buckets)]
    .filter((bucket) => existing.includes(bucket))
    .map((bucket) => rulesLine(s3, bucket, { pathStyle: true, fix, keepDeleted: settings.keepDeleted }));
  return [
    line("MinIO", server),
    line("administrator", administrator),
    ...bucketLines(existing, settings, buckets),
    ...(await Promise.all(rules)).flat(),
  ];
}

/** @see https://min.io/docs/minio/linux/operations/monitoring/healthcheck-probe.html */
async function health(url: string, { providerTls }: MinioSettings, deadline: Deadline): Promise<Found> {
  const todo = `start MinIO, or correct objectStore.providerAddress and objectStore.providerTls (now ${providerTls})`;
  const answer = await ask(`${url}/minio/health/live`, {}, deadline, todo);
  if (answer.ok) return ok(`${url} answers`);
  if (/HTTP request to an HTTPS server/i.test(answer.body))
    return failed(`${url} speaks TLS`, "set objectStore.providerTls: true");
  return unsure(
    `${url} answers its health check with ${answer.status}: perhaps it is not MinIO`,
    "for a store without MinIO's own API, set objectStore.kind: existing",
  );
}

function bucketLines(existing: string[], { importBuckets }: MinioSettings, buckets: readonly string[]): Result[] {
  return [...new Set(buckets)].map((name) => {
    const [there, imported] = [existing.includes(name), importBuckets.includes(name)];
    const found =
      there === imported
        ? ok(there ? "exists and is imported" : "does not exist; it will be created")
        : there
          ? unsure(
              "exists, and is not imported",
              "do nothing if this stack created it; otherwise add it to objectStore.importBuckets",
            )
          : failed(
              "should be imported, but does not exist",
              "remove it from objectStore.importBuckets, or correct its name",
            );
    return line(`bucket ${name}`, found);
  });
}

/**
 * Whether buckets that exist can be reached with the keys to them.
 * @param settings the object store's settings
 * @param uses each application with its buckets and its key; no key: it can't be read
 * @param deadline how long each request may take
 */
export async function lookAtExisting(
  settings: ExistingSettings,
  uses: { buckets: string[]; key?: S3Key }[],
  deadline: Deadline,
): Promise<Result[]> {
  const server = await outcome(async () => {
    await ask(settings.endpoint, {}, deadline, "check whether pods can reach it: only they need to");
    return ok(`${settings.endpoint} answers`);
  });
  if (server.status === "failed") return [line("S3", { ...server, status: "unsure" })];
  const pathStyle = settings.forcePathStyle;
  const fix = "add a lifecycle rule that removes noncurrent versions, such as after 7 days";
  const lines = uses.flatMap(({ buckets, key }) =>
    buckets.map(async (bucket) => {
      if (!key) return [line(`bucket ${bucket}`, skipped(noKey))];
      const s3 = new S3(settings.endpoint, settings.region, key, deadline);
      const listed = await outcome(() => canList(s3, bucket, pathStyle));
      const rules = listed.status === "ok" ? await rulesLine(s3, bucket, { pathStyle, fix }) : [];
      return [line(`bucket ${bucket}`, listed), ...rules];
    }),
  );
  return [line("S3", server), ...(await Promise.all(lines)).flat()];
}

/** A line on what a bucket does by itself with what is in it; none where it does nothing. */
async function rulesLine(
  s3: S3,
  bucket: string,
  { pathStyle, fix, keepDeleted }: { pathStyle: boolean; fix: string; keepDeleted?: string },
): Promise<Result[]> {
  const what = `rules of bucket ${bucket}`;
  try {
    const read = bucketSubresources.map(async (name) => [name, await s3.subresource(bucket, name, pathStyle)] as const);
    const rules = Object.fromEntries(await Promise.all(read)) as BucketRules;
    const found = judgeBucketRules(rules, fix, keepDeleted);
    return found ? [line(what, found)] : [];
  } catch (error) {
    if (error instanceof Finding) return [line(what, skipped(`not seen: ${error.message}`))];
    throw error;
  }
}

async function canList(s3: S3, bucket: string, pathStyle: boolean): Promise<Found> {
  await s3.get(bucket, pathStyle);
  return ok("can be listed with its key");
}

async function listBuckets(s3: S3): Promise<string[]> {
  const xml = await s3.get();
  return [...xml.matchAll(/<Bucket>.*?<Name>([^<]+)<\/Name>/gs)].map(([, name]) => name);
}

/** Signed reads of an S3 server. */
class S3 {
  private readonly client: AwsClient;

  constructor(
    readonly url: string,
    region: string,
    key: S3Key,
    readonly deadline: Deadline,
  ) {
    this.client = new AwsClient({ accessKeyId: key.id, secretAccessKey: key.secret, region, service: "s3" });
  }

  /** The list of a bucket, or of buckets, as XML. */
  async get(bucket?: string, pathStyle = true): Promise<string> {
    const { body, code } = await this.ask(bucket && "list-type=2&max-keys=1", bucket, pathStyle);
    if (code === undefined) return body;
    throw new Finding(refusal(code));
  }

  /** What a bucket has of a kind, as XML; empty where it, or the store, has none. */
  async subresource(bucket: string, name: string, pathStyle: boolean): Promise<string> {
    const { body, code } = await this.ask(`${name}=`, bucket, pathStyle);
    if (code === undefined) return body;
    if (hasNone.test(code)) return "";
    throw new Finding(refusal(code));
  }

  /** The answer, and the code of a refusal. */
  private async ask(search = "", bucket = "", pathStyle = true): Promise<{ body: string; code?: string }> {
    const url = new URL(pathStyle ? `/${bucket}` : "/", this.url);
    if (bucket && !pathStyle) url.host = `${bucket}.${url.host}`;
    url.search = search;
    const { headers } = await this.client.sign(url.href);
    const { ok, status, body } = await ask(url, headers, this.deadline, "see the server's log");
    return ok ? { body } : { body, code: /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? String(status) };
  }
}

/** What a store answers that has no such rules, or knows nothing of them. */
const hasNone = /^(NoSuchLifecycleConfiguration|ObjectLockConfigurationNotFoundError|NotImplemented|MethodNotAllowed)$/;

const refusals: Readonly<Record<string, [found: string, todo: string]>> = {
  InvalidAccessKeyId: ["doesn't know the access key", "correct the user name or access key in the secret store"],
  SignatureDoesNotMatch: ["refuses the secret key", "correct the password or secret key in the secret store"],
  AccessDenied: ["denies access with this key", "give the key's user that permission"],
  NoSuchBucket: ["has no such bucket", "create it, or correct its name in the section buckets"],
  RequestTimeTooSkewed: ["has a different time than this machine", "synchronise the clocks"],
  AuthorizationHeaderMalformed: ["expects a different region", "correct objectStore.region"],
};

function refusal(code: string): Found {
  const [found, todo] = refusals[code] ?? ["refuses the request", "see the server's log"];
  return failed(`the server ${found} (${code})`, todo);
}
