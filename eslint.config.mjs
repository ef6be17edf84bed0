import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

/** What reads top to bottom fits one screen: a longer constructor has a part that can be a function. */
const shortConstructors = {
  meta: { schema: [{ type: "number" }] },
  create: (context) => ({
    'MethodDefinition[kind="constructor"]'(node) {
      const lines = node.loc.end.line - node.loc.start.line + 1;
      const [most] = context.options;
      if (lines > most) context.report({ node, message: `This constructor has ${lines} lines, of at most ${most}.` });
    },
  }),
};

export default tseslint.config(
  { ignores: ["node_modules", "out", "**/*.js", "**/*.cjs"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "PrivateIdentifier", message: "Private members are written `private name`, everywhere alike." },
      ],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["**/*.ts"],
    ignores: ["test/**"],
    plugins: { own: { rules: { "short-constructors": shortConstructors } } },
    rules: { "own/short-constructors": ["error", 50] },
  },
);
