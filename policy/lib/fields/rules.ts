import type { Program } from "../config/program";
import { isSelector } from "../loki/selector";

/** What a program takes for a text, beyond its being one. */
export interface Rule {
  wanted: string;
  takes(text: string): boolean;
}

const oneOf = (...names: string[]): Rule => ({
  wanted: `${names.slice(0, -1).join(", ")} or ${names.at(-1)!}`,
  takes: (text) => names.includes(text),
});

const selector: Rule = { wanted: 'a selector of streams such as {namespace="dev"}', takes: isSelector };
const attribute = oneOf("index_label", "structured_metadata", "drop");
const stores = ["s3", "gcs", "azure", "swift", "filesystem"];
const ofRules = oneOf(...stores, "local");
const store = oneOf(...stores);

// Of dskit, which both have: kv/client.go.
const ring = oneOf("memberlist", "inmemory", "consul", "etcd", "multi");

/**
 * By dotted keys, or their last two, the settings whose texts are checked when the program starts; `*` is an element of a list. Only what the programs in all their listed versions
 * refuse (`e2e/support/policy-against-loki.ts`, `policy-against-mimir.ts`).
 */
export const rules: Readonly<Record<Program["name"], Readonly<Record<string, Rule | undefined>>>> = {
  Loki: {
    "limits_config.retention_stream.*.selector": selector,
    "limits_config.deletion_mode": oneOf("disabled", "filter-only", "filter-and-delete"),
    "limits_config.otlp_config.resource_attributes.attributes_config.*.action": attribute,
    "limits_config.otlp_config.scope_attributes.*.action": attribute,
    "limits_config.otlp_config.log_attributes.*.action": attribute,
    "ruler.storage.type": {
      ...oneOf("s3", "gcs", "azure", "swift", "local"),
      takes: (text) => /^(s3|gcs|azure|swift|local|bos|cos|alibabacloud)?$/.test(text),
    },
    "kvstore.store": ring,
    "ingester.chunk_encoding": {
      ...oneOf("snappy", "gzip", "zstd", "lz4", "none"),
      takes: (text) => /^(none|gzip|snappy|flate|zstd|lz4(-(64k|256k|1M))?)$/i.test(text),
    },
  },
  Mimir: {
    "kvstore.store": ring,
    "common.storage.backend": store,
    "blocks_storage.backend": store,
    "ruler_storage.backend": ofRules,
    "alertmanager_storage.backend": ofRules,
  },
};
