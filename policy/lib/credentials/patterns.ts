import { isLiteral } from "./names";

// Credentials that can be recognized by their form, wherever they are; each with what every text of that form contains.
const patterns: readonly { what: string; sign: string; form: RegExp }[] = [
  { what: "a private key", sign: "-BEGIN ", form: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
  { what: "an AWS access key", sign: "A[KS]IA", form: /\b(?:AKIA|ASIA)[\dA-Z]{16}\b/ },
  { what: "a GitHub token", sign: "gh[pousr]_|github_", form: /\b(?:gh[pousr]_\w{36}|github_pat_\w{40})/ },
  { what: "a GitLab token", sign: "glpat-", form: /\bglpat-[\w-]{20}/ },
  { what: "an npm token", sign: "npm_", form: /\bnpm_[A-Za-z\d]{36}\b/ },
  { what: "a registry's login", sign: '"auth"', form: /"auth"\s*:\s*"[A-Za-z\d+/]{8,}={0,2}"/ },
  { what: "a Grafana token", sign: "gl(?:sa|c)_", form: /\bgl(?:sa|c)_[\w+/=]{32}/ },
  { what: "a Slack token", sign: "xox", form: /\bxox[abeoprs]-[\w-]{10}/ },
  { what: "a Slack webhook", sign: "slack", form: /\bhooks\.slack\.com\/(?:services|workflows)\/[\w/]{20}/ },
  { what: "a Discord webhook", sign: "discord", form: /\bdiscord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]{20}/ },
  {
    what: "a heartbeat's address",
    sign: "hc-ping|nosnch",
    form: /\b(?:hc-ping\.com\/[\da-f]{8}-[\da-f]{4}|nosnch\.in\/[\da-f]{10})/,
  },
  { what: "a Google API key", sign: "AIza", form: /\bAIza[\w-]{35}/ },
  { what: "a 1Password service account token", sign: "ops_ey", form: /\bops_ey[\w-]{20}/ },
  { what: "a Telegram bot token", sign: ":AA", form: /\b\d{8,10}:AA[\w-]{33}\b/ },
  { what: "a JSON web token", sign: "eyJ", form: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/ },
];
const password = /\b[a-z][a-z\d+.-]{0,30}:\/\/[^\s/:@"'<>]{0,200}:([^\s/@"'<>]{1,500})@[\w$[{]/gi;
const header = /\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+([^\s"']{8,})/gi;

/** One of these is in every text of {@link credentialIn}, in whatever letters. */
export const signs = new RegExp(["://", "authorization", ...patterns.map(({ sign }) => sign)].join("|"), "i");

/** What a line of text holds that is a credential by its form, such as `an AWS access key`; undefined for nothing. */
export function credentialIn(line: string): string | undefined {
  const found = patterns.find(({ form }) => form.test(line));
  if (found) return found.what;
  const has = (form: RegExp) => [...line.matchAll(form)].some(([, value]) => isLiteral(value, "certain"));
  if (line.includes("://") && has(password)) return "a URL with a password";
  return has(header) ? "an Authorization header" : undefined;
}
