import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { checkedList, type ListedImage } from "../../settings/image-list";
import { fileProblemsMessage } from "../../settings/problem";
import { InvalidInput } from "../../engine/errors";

/**
 * Reads a list of images.
 * @param file path of `images.json`, or of another list like it
 * @throws InvalidInput if it isn't JSON; RunError with every problem of its entries
 */
export function readImages(file: string): ListedImage[] {
  const text = readFileSync(file, "utf8");
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(
      fileProblemsMessage(file, [{ key: "line", what: (error as Error).message, allowed: "JSON" }]),
    );
  }
  return checkedList(content);
}

/**
 * Writes a list of images: all of it or, if anything fails, nothing. It is formatted by Prettier, so the same list is always the same text.
 */
export async function writeImages(file: string, images: readonly ListedImage[]): Promise<void> {
  const style = await resolveConfig(file);
  const text = await format(JSON.stringify({ images }, null, 2), { ...style, parser: "json" });
  const target = realpathSync(file);
  const unfinished = `${target}.${process.pid}.unfinished`;
  try {
    writeFileSync(unfinished, text, { mode: statSync(target).mode });
    renameSync(unfinished, target);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
