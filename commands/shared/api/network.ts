import { failed, Finding } from "./result";

/** How long one request may take, in milliseconds. */
export interface Deadline {
  milliseconds: number;
}

/** An answer that arrived whole. */
export interface Answer {
  ok: boolean;
  status: number;
  body: string;
}

/**
 * A request whose failure to get any answer is a finding.
 * @param url what is asked for
 * @param headers of the request
 * @param deadline how long the answer may take
 * @param todo what to do when there is none
 * @throws Finding when nothing answers
 */
export async function ask(
  url: string | URL,
  headers: Record<string, string> | Headers,
  deadline: Deadline,
  todo: string,
): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(deadline.milliseconds);
    const answer = await fetch(url, { headers, redirect: "manual", signal });
    return { ok: answer.ok, status: answer.status, body: await answer.text() };
  } catch (error) {
    throw new Finding(failed(`${new URL(url).host} ${whyNot(error, deadline)}`, todo));
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections",
  ECONNRESET: "closes the connection",
  ENOTFOUND: "can't be resolved",
  EAI_AGAIN: "can't be resolved at the moment",
  EHOSTUNREACH: "can't be reached: no route",
  ENETUNREACH: "can't be reached: no route",
  ETIMEDOUT: "doesn't answer",
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "has a certificate from an authority that this machine doesn't know",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "has a certificate from an authority that this machine doesn't know",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "has a certificate from an authority that this machine doesn't know",
  CERT_HAS_EXPIRED: "has an expired certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for another name",
  ERR_SSL_WRONG_VERSION_NUMBER: "doesn't speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "doesn't speak TLS",
  UND_ERR_SOCKET: "closes the connection",
  HPE_INVALID_CONSTANT: "doesn't speak HTTP",
};

/**
 * Why nothing answered, in words that follow an address.
 * @param error what a request threw: the reason is its code, or its cause's
 * @param deadline the deadline that it had
 */
export function whyNot(error: unknown, { milliseconds }: Deadline): string {
  const { name, code, message, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (name === "TimeoutError" || name === "AbortError") return `didn't answer within ${milliseconds / 1000} s`;
  if (code && reasons[code]) return reasons[code];
  // Node tries every address of a name, and throws what each of them said.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [cause];
  return first ? whyNot(first, { milliseconds }) : `can't be reached: ${message}`;
}
