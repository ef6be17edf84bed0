type Method = (...args: never[]) => unknown;
type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * A type of Grafana's foundation SDK as plain data: without methods, and with the strings of its enums, which are checked all the same.
 * The enums themselves are runtime values, and would have to be loaded.
 */
export type Plain<T> =
  IsAny<T> extends true
    ? T
    : T extends string
      ? `${T}`
      : T extends readonly (infer Element)[]
        ? Plain<Element>[]
        : T extends object
          ? { [Key in keyof T as T[Key] extends Method ? never : Key]: Plain<T[Key]> }
          : T;
