import type { Settings } from "../../settings/schema";
import { dataFolder } from "./config";

const folder = `${dataFolder}/plugins`;

/** What was installed from the settings: a file for each plugin with its version and the node's architecture. */
const installed = `${dataFolder}/declared-plugins`;

/** What another version or architecture is to replace, until that is there. */
const replaced = `${dataFolder}/replaced-plugins`;

/**
 * The script that installs plugins onto Grafana's volume before it starts. Each is fetched once, for the architecture of the node; what is
 * there already needs no internet, and stays until what is to replace it is there. What left the settings is removed, what people installed by hand is not touched. A failure must not keep
 * Grafana from starting: the log says what is missing.
 *
 * Grafana's own `plugins.preinstall` is no way: turned on, it also fetches newer versions of the plugins that its image has
 * (setting_plugins.go).
 *
 * @param plugins those of the settings
 * @see https://grafana.com/docs/grafana/latest/administration/cli/#plugins-commands
 */
export function installPlugins(plugins: Settings["grafana"]["plugins"]): string {
  // An empty folder gives the pattern itself, `*`, which is no plugin.
  const wanted = [...plugins.map(({ id }) => id), "*"].join(" ");
  return `
mkdir -p ${folder} ${installed} ${replaced}
cli() { grafana cli --homepath /usr/share/grafana --pluginsDir ${folder} "$@"; }
for file in ${installed}/*; do
  id=$(basename "$file")
  case " ${wanted} " in *" $id "*) continue ;; esac
  cli plugins remove "$id"; rm -rf ${folder}/"$id" "$file"
done
install() {
  wanted="$2 $(uname -m)"
  if [ -d ${folder}/"$1" ] && [ "$(cat ${installed}/"$1" 2> /dev/null)" = "$wanted" ]; then return; fi
  # Out of the way: where that version is there, the command does nothing, whatever its architecture. One that is kept already is of a start that was
  # interrupted, and what is in its place is not whole.
  if [ -d ${replaced}/"$1" ]; then rm -rf ${folder}/"$1"; elif [ -d ${folder}/"$1" ]; then mv ${folder}/"$1" ${replaced}/"$1"; fi
  if cli $3 plugins install "$1" "$2"; then echo "$wanted" > ${installed}/"$1"; rm -rf ${replaced}/"$1"; return; fi
  echo "The plugin $1 $2 could not be installed: Grafana starts without it, or with the version that is there." >&2
  if [ -d ${replaced}/"$1" ]; then rm -rf ${folder}/"$1"; mv ${replaced}/"$1" ${folder}/"$1"; fi
}
${plugins.map(({ id, version, url }) => `install ${id} ${version} ${url ? `'--pluginUrl ${quotable(url)}'` : "''"}`).join("\n")}
`.trimStart();
}

/** A URL has no space and, once encoded, no quote. */
const quotable = (url: string): string => new URL(url).href.replaceAll("'", "%27");
