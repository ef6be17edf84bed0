// The stack files at the root are the user's own, so no test may depend on what is in them. `setup.ts` preloads this into every process of the
// tests, and for those the files are not there. One test alone asks for them, whether they are valid: test/stacks/user.test.ts.
const fs = require("node:fs");
const { basename, dirname, join, resolve } = require("node:path");

const root = resolve(__dirname, "../..");
const isName = (name) => /^Pulumi\..+\.yaml$/.test(name);
const isHidden = (file) => typeof file === "string" && isName(basename(file)) && dirname(resolve(file)) === root;

const { readdirSync, readFileSync } = fs;

/** Puts a function in the place of one of `node:fs`, which is asked first where a file is not hidden. */
function hide(module, name, otherwise) {
  const own = module[name];
  module[name] = (file, ...more) => (isHidden(file) ? otherwise(file) : own(file, ...more));
}

const refuse = (file) => {
  throw new Error(`${file} is the user's own, and no test reads it: take one of test/stacks (testStack)`);
};

hide(fs, "existsSync", () => false);
for (const name of ["readFileSync", "openSync", "copyFileSync", "cpSync", "readFile", "open", "createReadStream"])
  hide(fs, name, refuse);
for (const name of ["readFile", "open", "copyFile", "cp"]) hide(fs.promises, name, refuse);

fs.readdirSync = (folder, ...more) => {
  const names = readdirSync(folder, ...more);
  return resolve(String(folder)) === root ? names.filter((name) => !isName(name.name ?? name)) : names;
};

/** The user's stack files that are there: name of the stack → text. */
exports.userStacks = () =>
  Object.fromEntries(
    readdirSync(root)
      .filter(isName)
      .map((name) => [name.slice("Pulumi.".length, -".yaml".length), readFileSync(join(root, name), "utf8")]),
  );
