import { samplesFile, samplesFolder } from "./copying";
import { prelude, type ScriptTarget } from "./script";

/** The VictoriaMetrics whose samples are copied. */
export interface SamplesSource {
  /** Its address, as pods reach it. */
  url: string;
  /** Seconds for which it keeps samples. */
  retention: number;
}

/** Where the script finds mc: its container's image is VictoriaMetrics' own, which has a shell, wget and awk, and no mc. */
const tools = "${TMPDIR:-/tmp}/tools";

/** What the container with mc does for {@link samplesScript}: mc is one file without libraries. */
export const lendMc = `mkdir -p "${tools}"
cat "$(command -v mc)" >"${tools}/mc"
`;

// `wget` without -T: Debian's busybox crashes with it, and by itself wget gives up after a quarter of an hour of silence.
// A range is without its beginning, and with its end: so each sample is in one window. VictoriaMetrics gives up a query after half a minute.
const everySeries = "%7B__name__%21%3D%22%22%7D";
const counting = `/api/v1/query?nocache=1&query=sum%28count_over_time%28${everySeries}%5B$((end - at))s%5D%29%29&time=$((end - 1)).999`;
const exporting = `/api/v1/export/native?match%5B%5D=${everySeries}&start=$start&end=$((end - 1)).999`;

// Lines of `weeks`: Monday, bytes, version, and each day with its count. Two spaces at each level, as JSON.stringify writes it: the same awk reads both.
const readManifest = `$2 == "start" { start = $4; days = "" }
  $2 ~ /^[0-9]+-[0-9]+-[0-9]+$/ { gsub(/[^0-9]/, "", $3); days = days " " $2 "=" $3 }
  $2 == "size" { gsub(/[^0-9]/, "", $3); size = $3 }
  $2 == "made" { print start, size, $4 days }`;
const writeManifest = `BEGIN { printf "{\\n  \\"version\\": 1,\\n  \\"stack\\": \\"%s\\",\\n  \\"weeks\\": [", stack }
  {
    printf "%s\\n    {\\n      \\"start\\": \\"%s\\",\\n      \\"days\\": {", (NR > 1 ? "," : ""), $1
    for (i = 4; i <= NF; i++) { split($i, day, "="); printf "%s\\n        \\"%s\\": %s", (i > 4 ? "," : ""), day[1], day[2] }
    printf "\\n      },\\n      \\"size\\": %s,\\n      \\"made\\": \\"%s\\"\\n    }", $2, $3
  }
  END { print (NR ? "\\n  " : "") "]\\n}" }`;

/**
 * The script that copies VictoriaMetrics' samples as `npm run backup` does: each week that has got samples since is exported, and written down once
 * it is copied whole. It stops before the first where most of a day is gone.
 * @param target where it goes
 * @param source the VictoriaMetrics
 * @see https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#how-to-export-data-in-native-format
 */
export const samplesScript = (target: ScriptTarget, { url, retention }: SamplesSource): string => `${prelude(target)}
chmod +x "${tools}/mc"
PATH="${tools}:$PATH"
vm=${url}
day=86400
week=$((7 * day))
now=$(date +%s)
# The first day of which every sample is still there.
whole=$(((now - ${retention} + day - 1) / day * day))

name() { date -u -d "@$1" +%Y-%m-%d; }
monday() { echo $((($1 - 4 * day) / week * week + 4 * day)); }
ask() { wget -q -O - "$vm$1" || fail "VictoriaMetrics can't be reached, or refuses $1"; }
note() {
  sort "$state/weeks" | awk -v stack="$stack" '${writeManifest}' >"$state/manifest"
  mc pipe --quiet "$to/${samplesFile}" <"$state/manifest"
}

before=$(saved ${samplesFile})
echo "$before" | awk -F '"' '${readManifest}' >"$state/weeks"

# Lines of there: day, its count, its Monday, and that in seconds.
: >"$state/there"
at=$((whole - day))
while [ "$at" -lt "$now" ]; do
  today=$at count=0
  while [ "$at" -lt $((today + day)) ] && [ "$at" -lt "$now" ]; do
    end=$((at + day / 4))
    [ "$end" -le "$now" ] || end=$now
    answer=$(ask "${counting}")
    case $answer in
    *'"status":"success"'*'"result":[]'*) ;;
    *'"status":"success"'*) count=$((count + $(echo "$answer" | sed 's/.*"value":\\[[^"]*"\\([0-9]*\\)"\\].*/\\1/'))) ;;
    *) fail "VictoriaMetrics answers what is no count: $answer" ;;
    esac
    at=$end
  done
  start=$(monday "$today")
  [ "$count" -eq 0 ] || echo "$(name "$today") $count $(name "$start") $start" >>"$state/there"
done

lost=$(awk -v whole="$(name "$whole")" 'FILENAME ~ /there$/ { there[$1] = $2; next }
  { for (i = 4; i <= NF; i++) { split($i, day, "="); if (day[1] >= whole && there[day[1]] + 0 < day[2] / 2) print day[1] } }' "$state/there" "$state/weeks")
[ -z "$lost" ] || fail "VictoriaMetrics has less than half of the backup's samples of" $lost": npm run restore, or npm run backup with --accept-loss"

metrics=$(ask /metrics)
version=$(echo "$metrics" | sed -n 's/^vm_app_version{.*short_version="\\([^"]*\\)".*/\\1/p')
awk 'FILENAME ~ /weeks$/ { for (i = 4; i <= NF; i++) { split($i, day, "="); saved[day[1]] = day[2] }; next }
  $2 > saved[$1] + 0 && !asked[$4]++ { print $3, $4 }' "$state/weeks" "$state/there" >"$state/new"
while read -r monday start; do
  end=$((start + week))
  [ "$end" -le "$now" ] || end=$now
  wget -q -O "$state/samples" "$vm${exporting}" || fail "VictoriaMetrics did not export the week from $monday"
  # An export that fails on the way ends as a good one does, with the error as a line of text.
  text=$(tail -c 33 "$state/samples" | LC_ALL=C tr -d ' -~' | od -An -tx1 | tr -d ' ')
  [ "$text" != 0a ] || fail "VictoriaMetrics ends its export with an error: $(tail -n 1 "$state/samples")"
  size=$(($(wc -c <"$state/samples")))
  mc cp --quiet "$state/samples" "$to/${samplesFolder}/$monday.native" >/dev/null || fail "could not copy the samples of $monday"
  rm "$state/samples"
  days=$(awk -v monday="$monday" '$3 == monday { printf " %s=%s", $1, $2 }' "$state/there")
  awk -v monday="$monday" '$1 != monday' "$state/weeks" >"$state/others"
  { cat "$state/others"; echo "$monday $size \${version:-unknown}$days"; } >"$state/weeks"
  note
  echo "samples of the week from $monday: $size bytes"
done <"$state/new"

oldest=$(name $((whole - day - week)))
awk -v oldest="$oldest" '$1 <= oldest { print $1 }' "$state/weeks" >"$state/old"
awk -v oldest="$oldest" '$1 > oldest' "$state/weeks" >"$state/others"
mv "$state/others" "$state/weeks"
note
while read -r monday; do mc rm --quiet "$to/${samplesFolder}/$monday.native"; done <"$state/old"
`;
