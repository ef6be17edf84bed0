/** Key of the ConfigMap. */
export const scriptFile = "rule-files.sh";

/** The group that it makes itself. */
export const ownGroup = "vmalert-rule-files";

/** The alert that names the files that are not evaluated. */
export const refusedAlert = "VmalertRefusesRules";

/**
 * The script that brings rule files to vmalert: `rule-files.sh FROM TO VMALERT`.
 *
 * vmalert evaluates nothing at all when a single file has a mistake at its start, and no change when one has it later. So each file is shown
 * to a vmalert on its own before the running one gets it: one that is refused stays as it was, or is left out, and an alert names it. Prometheus's operator
 * has left out already what Prometheus refuses; what remains is what only vmalert does, such as a rule that is twice in a group.
 *
 * `query_offset` of a group has another name in vmalert, `eval_delay`
 * (https://docs.victoriametrics.com/victoriametrics/vmalert/#groups).
 */
export const ruleFilesScript = `#!/bin/sh
set -u
from=$1 to=$2 vmalert=$3
work=$to/.work
mkdir -p "$work"
: > "$work/there"
: > "$work/refused"
for file in "$from"/*/*.yaml; do
  [ -e "$file" ] || continue
  name=$(basename "$file" .yaml)
  echo "$name" >> "$work/there"
  if ! cmp -s "$file" "$work/$name.seen"; then
    cp "$file" "$work/$name.seen"
    sed 's/^  query_offset:/  eval_delay:/' "$file" > "$work/candidate"
    if said=$("$vmalert" -dryRun -rule="$work/candidate" 2>&1); then
      rm -f "$work/$name.refused"
      mv "$work/candidate" "$to/$name.yaml"
    else
      echo "$said" | tail -n 1 > "$work/$name.refused"
      echo "$name is refused: $(cat "$work/$name.refused")"
    fi
  fi
  [ ! -e "$work/$name.refused" ] || echo "$name" >> "$work/refused"
done
for file in "$to"/*.yaml; do
  name=$(basename "$file" .yaml)
  [ -e "$file" ] && [ "$name" != 0-refused ] || continue
  grep -qxF "$name" "$work/there" || rm -f "$file" "$work/$name.seen" "$work/$name.refused"
done
{
  echo 'groups:'
  echo '- name: ${ownGroup}'
  echo '  rules:'
  echo '  - record: vmalert:rule_files:count'
  echo "    expr: vector($(wc -l < "$work/there"))"
  while read -r name; do
    echo '  - alert: ${refusedAlert}'
    echo '    expr: vector(1)'
    echo '    for: 5m'
    echo "    labels: { severity: critical, file: '$name' }"
    echo '    annotations:'
    echo '      summary: "vmalert refuses the rules of {{ $labels.file }}."'
    echo '      description: "They are evaluated as they were before, or not at all. The log of its container rule-files says why."'
  done < "$work/refused"
} > "$work/refused.yaml"
cmp -s "$work/refused.yaml" "$to/0-refused.yaml" || cp "$work/refused.yaml" "$to/0-refused.yaml"
`;
