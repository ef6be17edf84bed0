/**
 * A setting's name as the name of an object: `mimirBlocks` → `mimir-blocks`.
 * @param camelCase the setting's name
 */
export function kebabCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
