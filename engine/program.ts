import { ProgramFailed } from "./errors";
import { Deployment, Monitor } from "./monitor";
import { Configuration, Project } from "./project";
import { Loader, startRuntime } from "./runtime";

/** A running program. */
export interface Run {
  /** Resolves when the program has ended without error; otherwise rejects with {@link ProgramFailed}. */
  finished: Promise<void>;
  /** Ends it. */
  stop(): void;
}

/**
 * Runs the program under Pulumi's own Node.js language runtime, with the arguments and environment that
 * `pulumi-language-nodejs` gives it (sdk/nodejs/cmd/pulumi-language-nodejs/main.go).
 *
 * @param loader how its TypeScript is loaded
 * @param monitor the servers that answer it; a reported error fails the run, and what the program prints is added
 */
export function runProgram(
  project: Project,
  deployment: Deployment,
  configuration: Configuration,
  loader: Loader,
  { address, diagnostics }: Pick<Monitor, "address" | "handlers" | "diagnostics">,
): Run {
  const { child, printed, stop } = startRuntime({
    name: "run",
    folder: project.folder,
    loader,
    nodeArguments: project.nodeArguments,
    args: [
      ...["--monitor", address, "--engine", address],
      ...["--organization", deployment.organization, "--project", deployment.project, "--stack", deployment.stack],
      ...["--root-directory", project.folder, "--pwd", project.folder, "--parallel", "16"],
      ...(deployment.dryRun ? ["--dry-run"] : []),
      project.main,
    ],
    environment: {
      PULUMI_CONFIG: JSON.stringify(configuration.values),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(configuration.secretKeys),
      ...(project.tsNode || loader === "ts-node" ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    },
  });
  const finished = new Promise<void>((resolve, reject) => {
    child.once("error", (error) => reject(new ProgramFailed(`The program could not be run: ${error.message}`)));
    child.once("close", (code, signal) => {
      const errors = diagnostics.filter(({ severity }) => severity === "error");
      if (code === 0 && errors.length === 0) {
        if (printed() !== "") {
          diagnostics.push({ severity: "info", message: printed() });
        }
        resolve();
      } else {
        const said = errors.map(({ message, urn }) => (urn ? `${urn}: ${message}` : message));
        // The runtime's exit code adds nothing to what it logged.
        const ended = `The program ${signal ? `was ended by ${signal}` : `ended with exit code ${code}`}.`;
        reject(new ProgramFailed([...(said.length > 0 ? said : [ended]), printed()].filter(Boolean).join("\n")));
      }
    });
  });
  // A run that is stopped, or fails before it is awaited, must not be an unhandled rejection.
  finished.catch(() => undefined);
  return { finished, stop };
}
