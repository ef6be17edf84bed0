/** A number of bytes for a person. */
export const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** A number with commas between thousands. */
export const number = (n: number) => n.toLocaleString("en-GB");

/** A number of things in words. */
export const count = (n: number, what: string) => `${number(n)} ${what}${n === 1 ? "" : "s"}`;
