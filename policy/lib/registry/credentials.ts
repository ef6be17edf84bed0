import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ImageProblem } from "./problem";

/** What a registry knows somebody by: a name and a password, or a token that stands for both. */
export type Credentials = { username: string; password: string } | { identityToken: string };

/** Finds what a registry's host was logged in with; undefined where it wasn't. */
export type FindCredentials = (host: string) => Promise<Credentials | undefined>;

interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

// `docker login` without a host writes this one for Docker Hub.
const dockerHub = "https://index.docker.io/v1/";

/**
 * Credentials as Docker keeps them: the variable DOCKER_AUTH_CONFIG, which holds such a file's content (for a CI job), before the file
 * `config.json` in `$DOCKER_CONFIG` or `~/.docker`, with the credential helpers that it names.
 * https://docs.docker.com/reference/cli/docker/login/#credential-stores
 *
 * @throws ImageProblem when one of the two is no JSON, or a helper fails
 */
export function dockerCredentials(env: NodeJS.ProcessEnv): FindCredentials {
  const file = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker"), "config.json");
  return async (host) => {
    const places: [string, string | undefined][] = [
      ["the variable DOCKER_AUTH_CONFIG", env.DOCKER_AUTH_CONFIG],
      [file, existsSync(file) ? readFileSync(file, "utf8") : undefined],
    ];
    for (const [place, text] of places) {
      const found = text ? await look(parse(text, place), namesOf(host), env) : undefined;
      if (found) return found;
    }
    return undefined;
  };
}

function namesOf(host: string): string[] {
  const hub = /^(docker\.io|index\.docker\.io|registry-1\.docker\.io)$/.test(host);
  return hub ? [dockerHub, "docker.io", "index.docker.io"] : [host, `https://${host}`, `http://${host}`];
}

function parse(text: string, place: string): DockerConfig {
  try {
    return (JSON.parse(text) ?? {}) as DockerConfig;
  } catch {
    // What JSON.parse says may show a part of the text, which is secret.
    throw new ImageProblem(`${place} is not JSON`, "Repair it, or log in again with `docker login`.");
  }
}

async function look(config: DockerConfig, names: string[], env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  for (const name of names) {
    const helper = config.credHelpers?.[name] ?? config.credsStore;
    const kept = helper ? await ask(helper, name, env) : undefined;
    if (kept) return kept;
    const entry = config.auths?.[name] ?? config.auths?.[`${name}/`];
    if (entry?.identitytoken) return { identityToken: entry.identitytoken };
    const [, username, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(entry?.auth ?? "", "base64").toString()) ?? [];
    if (username) return { username, password };
    if (entry?.username) return { username: entry.username, password: entry.password ?? "" };
  }
  return undefined;
}

// https://github.com/docker/docker-credential-helpers: the host on standard input, JSON on standard output.
function ask(helper: string, name: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const command = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const child = execFile(command, ["get"], { env, timeout: 30_000 }, (error, stdout) => {
      if (error && /credentials not found/i.test(stdout)) return resolve(undefined);
      if (error) {
        const remedy = `Install it or unlock its store, or take it out of Docker's config.json (credsStore, credHelpers).`;
        return reject(new ImageProblem(`${command}, which keeps the credentials of ${name}, failed`, remedy));
      }
      const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
      resolve(Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret });
    });
    child.stdin?.on("error", () => undefined); // it may end without reading; its exit code shows it
    child.stdin?.end(name);
  });
}
