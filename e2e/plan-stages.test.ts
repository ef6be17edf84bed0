import { previewWithGraph } from "../commands/shared/preview";
import { describePlans } from "../test/commands/plan/stages";
import { testStack } from "../test/stacks/stacks";

const existing = 'objectStore={"kind":"existing","endpoint":"https://s3.example.org"}';
const minio =
  'objectStore={"kind":"minio","endpoint":"http://minio.example.org:9000","providerAddress":"minio.example.org:9000","providerTls":false}';
const applications = ["lokiObjectStore", "mimirObjectStore"];
const given = (secret: string, ...keys: string[]) => keys.map((key) => `secretValues.${secret}.${key}=x`);

/** Where secrets and objects are → a stack that has them there. No cluster is asked; `test/offline` has the stack `production`. */
const profiles: Record<string, { stack: string; config: string[] }> = {
  "1Password and the embedded store": { stack: "staging", config: [] },
  "1Password and buckets that exist": {
    stack: "staging",
    config: [existing, ...applications.map((name) => `secrets.onepassword.items.${name}=abcdefghijklmnopqrstuvwxy1`)],
  },
  "stack config and MinIO": { stack: "sandbox", config: [minio, ...given("minioAdmin", "username", "password")] },
  "stack config and the embedded store": { stack: "sandbox", config: [] },
  "stack config and buckets that exist": {
    stack: "sandbox",
    config: [existing, ...applications.flatMap((name) => given(name, "accessKey", "secretKey"))],
  },
};

for (const [profile, { stack, config }] of Object.entries(profiles))
  describePlans(profile, (settings) => previewWithGraph({ ...testStack(stack), config: [...config, ...settings] }));
