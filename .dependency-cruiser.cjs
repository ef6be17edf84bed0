// Which room may import which: `npm run lint`. The rooms are described in docs/architecture.md.

/** A rule: what is in `from` imports nothing of `to`. */
const never = (name, from, to) => ({ name, severity: "error", from, to });
const inside = (path) => ({ path });
const outside = (pathNot) => ({ pathNot });

const command = "^commands/(?!shared/)([^/]+)/";

module.exports = {
  forbidden: [
    never("no circle anywhere", {}, { circular: true }),
    never("the table of stages imports nothing", inside("^stages\\.ts$"), {}),
    never("settings import only the table of stages and the list of images", inside("^settings/"), {
      pathNot: "^(settings/|stages\\.ts$|images\\.json$|node_modules/)",
      dependencyTypesNot: ["core"],
    }),
    never(
      "components know no engine, no command and no policy",
      inside("^components/"),
      inside("^(engine|commands|policy|lab)/|^(stack|index)\\.ts$"),
    ),
    never(
      "the stack knows only its stages, settings and components",
      inside("^(stack|index)\\.ts$"),
      inside("^(engine|commands|policy|lab)/"),
    ),
    never(
      "the engine knows only Pulumi",
      inside("^engine/"),
      inside("^(settings|components|policy|commands|lab)/|^(stages|stack|index)\\.ts$"),
    ),
    never(
      "the policy pack imports nothing of the project",
      inside("^policy/"),
      inside("^(settings|components|engine|commands|lab)/|^(stages|stack|index)\\.ts$"),
    ),
    never("commands know nothing of the lab", inside("^commands/"), inside("^lab/")),
    never("commands know each other only through what they share", inside(command), {
      path: command,
      pathNot: "^commands/$1/",
    }),
    never("what commands share knows no command", inside("^commands/shared/"), inside(command)),
    never("nothing imports tests", outside("^(test|e2e)/"), inside("^(test|e2e)/")),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(node_modules|out)/" },
  },
};
