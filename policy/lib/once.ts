/**
 * Finds out about an object once, however many policies ask.
 *
 * @param find what is to be found out; nobody may change what it returns
 */
export function once<Key extends object, Value extends object>(find: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found) return found;
    const value = find(key);
    known.set(key, value);
    return value;
  };
}
