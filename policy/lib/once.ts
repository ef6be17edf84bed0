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

// The words that a stack is made of are a few thousand.
const most = 5000;

/** Finds out about a text once, however often it is asked for: a key, a path, a pattern. Of very many it forgets. */
export function onceByText<Value>(find: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined && !known.has(text)) {
      if (known.size >= most) known.clear();
      known.set(text, (value = find(text)));
    }
    return value as Value;
  };
}
