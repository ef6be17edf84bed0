import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Expression, type Block, type Value } from "../../../components/alloy/syntax";
import { documented, type Documented } from "./documented";

/** The first component of that type. */
export function find(blocks: readonly Block[], name: string): Block {
  const found = blocks.find((block) => block.name === name);
  assert.ok(found, `no ${name}`);
  return found;
}

/**
 * A text as it was accepted, for a stack's cluster. UPDATE_GOLDEN=1 accepts production's: read the difference before you commit it.
 * @param name of the file
 * @param actual the text as it is
 * @param stack its cluster has the same name
 */
export function golden(name: string, actual: string, stack: string): string {
  const file = join(__dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN && stack === "production") writeFileSync(file, actual);
  return readFileSync(file, "utf8").replaceAll('cluster = "production"', `cluster = "${stack}"`);
}

/** What a configuration names that the reference doesn't, or that is not there. */
export function undocumented(blocks: readonly Block[]): string[] {
  const exports = blocks.flatMap(({ name, label }) =>
    (documented[name]?.exports ?? []).map((each) => `${name}.${label}.${each}`),
  );
  return blocks
    .flatMap((block) => [
      ...(documented[block.name]?.stage === "general-availability" ? [] : [`${block.name} is not generally available`]),
      ...namesOf(block, documented[block.name] ?? {}),
      ...references(block)
        .filter((reference) => !exports.includes(reference))
        .map((reference) => `${reference} is no export of a component that is there`),
    ])
    .filter((problem, index, all) => all.indexOf(problem) === index);
}

function namesOf(
  { name, attributes, blocks }: Block,
  { required = [], optional = [], blocks: known = {} }: Documented,
): string[] {
  const given = Object.keys(attributes).filter((key) => attributes[key] !== undefined);
  return [
    ...given.filter((key) => ![...required, ...optional].includes(key)).map((key) => `${name} has no argument ${key}`),
    ...required.filter((key) => !given.includes(key)).map((key) => `${name} lacks its argument ${key}`),
    ...blocks.flatMap((inner) =>
      known[inner.name] ? namesOf(inner, known[inner.name]) : [`${name} has no block ${inner.name}`],
    ),
  ];
}

/** References to other components in a block's arguments; calls of functions are none. */
function references({ attributes, blocks }: Block): string[] {
  const of = (value: Value | undefined): string[] => {
    if (value instanceof Expression) return /[("]/.test(value.text) ? [] : [value.text];
    if (Array.isArray(value)) return value.flatMap(of);
    return value && typeof value === "object" ? Object.values(value as Record<string, Value>).flatMap(of) : [];
  };
  return [...Object.values(attributes).flatMap(of), ...blocks.flatMap(references)];
}
