import { parse } from "yaml";
import { ownDataSources } from "../../settings/sections/grafana";

/** A ConfigMap, as far as its files matter. */
export interface ConfigMap {
  metadata?: { name?: string; namespace?: string };
  data?: Record<string, string>;
  /** In base64. */
  binaryData?: Record<string, string>;
}

/** A file in a ConfigMap. */
export interface File {
  /** `namespace/name: key`. */
  from: string;
  text: string;
}

/** A data source that a file brings. */
export interface BroughtDataSource {
  from: string;
  name: string;
  uid?: string;
  orgId?: number;
  isDefault?: boolean;
}

/**
 * The texts of a ConfigMap by key, as Grafana's sidecar writes them into files.
 * @see https://github.com/kiwigrid/k8s-sidecar/blob/master/src/resources.py (_process_config_map)
 */
export const textsOf = ({ data, binaryData = {} }: Pick<ConfigMap, "data" | "binaryData">): Record<string, string> => ({
  ...data,
  ...Object.fromEntries(
    Object.entries(binaryData).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  ),
});

/** The files in ConfigMaps. */
export const filesIn = (configMaps: readonly ConfigMap[]): File[] =>
  configMaps.flatMap(({ metadata, ...content }) =>
    Object.entries(textsOf(content)).map(([key, text]) => ({
      from: `${metadata?.namespace}/${metadata?.name}: ${key}`,
      text,
    })),
  );

/**
 * What files bring for Grafana.
 * @param files the files
 * @param what they should be, for the problem of one that isn't
 * @param parsed reads one; throws where it can't
 */
export function broughtBy<T>(files: readonly File[], what: string, parsed: (text: string) => T[]) {
  const problems: string[] = [];
  const found = files.flatMap(({ from, text }) => {
    try {
      return parsed(text).map((each) => ({ ...each, from }));
    } catch {
      problems.push(`${from} is no ${what}`);
      return [];
    }
  });
  return { found, problems };
}

/**
 * The data sources that other applications bring, and what of them harms a Grafana that has the stack's own: it doesn't start with two defaults, with one
 * uid under two names, or with a file that it can't read; of two with one name the file that is read last counts.
 * @param files in ConfigMaps with the label of Grafana's sidecar
 * @see https://github.com/grafana/grafana/blob/main/pkg/services/provisioning/datasources/datasources.go
 */
export function broughtDataSources(files: readonly File[]): { found: BroughtDataSource[]; problems: string[] } {
  const { found, problems } = broughtBy(
    files.filter(({ from }) => /\.ya?ml$/.test(from)),
    "file of data sources",
    (text) => (parse(text) as { datasources?: Omit<BroughtDataSource, "from">[] } | null)?.datasources ?? [],
  );
  const beside = found.filter(({ orgId = 1 }) => orgId === 1);
  return {
    found,
    problems: [
      ...problems,
      ...beside
        .filter(({ isDefault }) => isDefault)
        .map(
          ({ from, name }) =>
            `${from} makes ${name} the default: with two Grafana doesn't start; set isDefault: false there`,
        ),
      ...beside
        .filter(({ name, uid }) => Object.entries(ownDataSources).some((own) => own[0] === uid || own[1] === name))
        .map(
          ({ from, name, uid }) =>
            `${from} brings ${name}${uid ? ` (uid ${uid})` : ""}, which is the name or uid of one of the stack's; rename it there`,
        ),
    ],
  };
}
