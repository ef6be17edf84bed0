import type { Field } from "../../policy/lib/fields/list";

/** A configuration that a program refuses in as many places as it can, one a line. */
export interface EveryField {
  text: string;
  /** By line, from 1, what stands there. */
  lines: string[];
  /** The lines that the list says are refused. */
  refused: Set<number>;
}

/**
 * Writes a configuration with every field of a list, each scalar with a value that it doesn't take, and a key that isn't one in every block. A
 * program that reads strictly tells of all of them at once, so that one answer says whether its list has a key too many or too few.
 *
 * @param root the list's root
 * @param version the version whose fields are meant
 */
export function everyField(root: Field, version: string): EveryField {
  const lines: string[] = [];
  const refused = new Set<number>();
  const write = (indent: number, text: string, isRefused: boolean, item = false) => {
    lines.push(" ".repeat(item ? indent - 2 : indent) + (item ? "- " : "") + text);
    if (isRefused) refused.add(lines.length);
  };
  const writeBlock = (field: Field, indent: number, item = false) => {
    if (!field.each) write(indent, "zz-unknown: 1", true, item);
    for (const [key, own] of field.keys ?? []) {
      if (own.versions?.includes(version) ?? true) writeField(key, own, indent);
    }
    if (field.each) writeField("zz-name", field.each, indent);
  };
  const writeField = (key: string, field: Field, indent: number) => {
    const element = field.kind === "list" ? field.each : undefined;
    if (field.kind === "block") {
      write(indent, `${key}:`, false);
      writeBlock(field, indent + 2);
    } else if (element?.kind === "block") {
      write(indent, `${key}:`, false);
      writeBlock(element, indent + 4, true);
    } else write(indent, `${key}: null`, false);
  };
  writeBlock(root, 0);
  return { text: `${lines.join("\n")}\n`, lines, refused };
}

/** The lines that a program's answer names. */
export function linesNamed(answer: string): Set<number> {
  return new Set(
    [...answer.matchAll(/\bline (\d+): (?:field|cannot unmarshal|mapping key|key)/g)].map(([, line]) => Number(line)),
  );
}
