/** A form of a secret, and how a message calls it. */
export interface Form {
  text: string;
  /** What was done to it; empty for the secret as it is. */
  as: "" | " in base64" | " URL-encoded" | " escaped";
}

/**
 * The forms in which a secret turns up: as it is, in an address, in JSON, and in base64, also as a part of something longer that was
 * encoded, as `user:password` is for basic authentication.
 */
export function formsOf(secret: string): Form[] {
  const encoded = percentEncoded(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const all: Form[] = [
    { text: secret, as: "" },
    { text: json, as: " escaped" },
    { text: encoded, as: " URL-encoded" },
    { text: encoded.replace(/%../g, (code) => code.toLowerCase()), as: " URL-encoded" },
    ...[0, 1, 2].flatMap((before) => inBase64(secret, before)),
  ];
  return all.filter(({ text }, index) => all.findIndex((each) => each.text === text) === index);
}

// Half of a pair of surrogates, which a broken decoding leaves, can't be written in an address.
function percentEncoded(text: string): string {
  return encodeURIComponent(Buffer.from(text, "utf8").toString("utf8"));
}

// Three bytes become four letters, so the same text has three forms, by how many bytes stand before it. Letters that a neighbour shares are left out.
function inBase64(secret: string, before: number): Form[] {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret, "utf8")]);
  const letters = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)] as const;
  return (["base64", "base64url"] as const).map((alphabet) => ({
    text: bytes.toString(alphabet).slice(...letters),
    as: " in base64",
  }));
}
