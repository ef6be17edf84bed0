import { programs } from "../programs";
import type { Program } from "./program";

/** What a file must be by its name. */
export interface Called {
  /** Whose it is; none where the name doesn't say. */
  program?: Program;
  /** Whether it holds values for Helm, and not the configuration itself. */
  isValues: boolean;
  /** Whether the file's own name says it, and not only that of the object that it is in. */
  isOwn: boolean;
}

const names = programs.map(({ key }) => key).join("|");
// `loki.yaml`, `mimir-config.yml`; and in an object called after the program, as charts call it, what they call the file.
const configuration = new RegExp(`^(${names})(?:[-_.](?:local[-_.])?config(?:uration)?)?\\.ya?ml$`, "i");
const common = /^(?:config|runtime-config|overrides)\.ya?ml$/i;
const object = new RegExp(`^(?:.*-)?(${names})(?:-(?:config|runtime))?$`, "i");
const values = /^(?:.*[-_.])?values(?:[-_.].*)?\.ya?ml$/i;

/**
 * What a file is by its name and that of the ConfigMap or Secret that it is in, where these leave no doubt.
 *
 * @param file its key
 * @param holder name of the object
 */
export function calledAs(file: string, holder: string): Called | undefined {
  if (!/\.ya?ml$/i.test(file)) return undefined;
  if (values.test(file)) return { program: mentioned(file) ?? mentioned(holder), isValues: true, isOwn: true };
  const own = configuration.exec(file);
  const name = own ?? (common.test(file) ? object.exec(holder) : null);
  return name ? { program: mentioned(name[0]), isValues: false, isOwn: own !== null } : undefined;
}

function mentioned(name: string): Program | undefined {
  return programs.find(({ key }) => new RegExp(`(^|[-_.])${key}([-_.]|$)`, "i").test(name));
}
