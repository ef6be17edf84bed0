import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPlugins } from "../../../components/grafana/plugins";
import { temporaryFolder } from "../../support/temporary-folder";

/**
 * A volume, and a `grafana` that notes its arguments and makes the folder of a plugin, or fails. As the real one, it leaves a folder with the version in it
 * alone: https://github.com/grafana/grafana/blob/main/pkg/cmd/grafana-cli/commands/install_command.go
 */
function volume() {
  const root = temporaryFolder();
  const bin = join(root, "bin");
  mkdirSync(bin);
  const run = (plugins: Parameters<typeof installPlugins>[0], { offline = false, arch = "x86_64" } = {}): string[] => {
    const log = join(root, "log");
    writeFileSync(log, "");
    const plugin = `${root}/plugins/$3`;
    const works = `while [ "$1" != plugins ]; do shift; done
      [ $2 = remove ] || [ "$(cut -d' ' -f1 ${plugin}/built 2> /dev/null)" = "$4" ] || { mkdir -p ${plugin}; echo "$4 ${arch}" > ${plugin}/built; }`;
    writeFileSync(join(bin, "uname"), `#!/bin/sh\necho ${arch}\n`);
    chmodSync(join(bin, "uname"), 0o755);
    const program = `#!/bin/sh\necho "$*" >> ${log}\n${offline ? "exit 1" : works}\n`;
    writeFileSync(join(bin, "grafana"), program);
    chmodSync(join(bin, "grafana"), 0o755);
    const script = installPlugins(plugins).replaceAll("/var/lib/grafana", root);
    execFileSync("sh", ["-c", script], { env: { PATH: `${bin}:${process.env.PATH}` }, stdio: "pipe" });
    return readFileSync(log, "utf8").trim().split("\n").filter(Boolean);
  };
  return { root, run };
}

const built = (root: string): string => readFileSync(join(root, "plugins/grafana-clock-panel/built"), "utf8").trim();

const clock = { id: "grafana-clock-panel", version: "2.1.8" };

describe("The script that installs plugins", () => {
  it("installs each once, in its version, and again in another", () => {
    const { run, root } = volume();
    const [first, ...none] = run([clock]);
    assert.match(first, /--pluginsDir \S+\/plugins plugins install grafana-clock-panel 2\.1\.8$/);
    assert.deepEqual(none, []);
    assert.deepEqual(run([clock]), []);
    assert.match(run([{ ...clock, version: "2.1.9" }])[0], /install grafana-clock-panel 2\.1\.9$/);
    assert.ok(existsSync(join(root, "plugins/grafana-clock-panel")));
  });

  it("takes an archive from a server of one's own", () => {
    const [line] = volume().run([{ ...clock, url: "http://files.lan/clock.zip" }]);
    assert.match(line, /--pluginUrl http:\/\/files\.lan\/clock\.zip plugins install/);
  });

  it("removes what left the settings, and nothing that people installed by hand", () => {
    const { run, root } = volume();
    run([clock]);
    mkdirSync(join(root, "plugins/by-hand"));
    assert.match(run([])[0], /plugins remove grafana-clock-panel$/);
    assert.ok(!existsSync(join(root, "plugins/grafana-clock-panel")));
    assert.ok(existsSync(join(root, "plugins/by-hand")));
    assert.deepEqual(run([]), []);
  });

  it("replaces a plugin when the pod has moved to a node of another architecture", () => {
    const { run, root } = volume();
    run([clock], { arch: "aarch64" });
    assert.equal(run([clock]).length, 1);
    assert.equal(built(root), "2.1.8 x86_64");
    assert.deepEqual(run([clock]), []);
  });

  it("keeps a plugin that can't be replaced, and replaces it when it can", () => {
    const { run, root } = volume();
    run([clock]);
    const next = { ...clock, version: "2.1.9" };
    run([next], { offline: true });
    assert.equal(built(root), "2.1.8 x86_64");
    run([next]);
    assert.equal(built(root), "2.1.9 x86_64");
  });

  it("keeps the one of before when a start was interrupted halfway", () => {
    const { run, root } = volume();
    run([clock]);
    const half = join(root, "plugins/grafana-clock-panel");
    renameSync(half, join(root, "replaced-plugins/grafana-clock-panel"));
    mkdirSync(half);
    const next = { ...clock, version: "2.1.9" };
    run([next], { offline: true });
    assert.equal(built(root), "2.1.8 x86_64");
    run([next]);
    assert.equal(built(root), "2.1.9 x86_64");
  });

  it("lets Grafana start without internet, and tries again at the next start", () => {
    const { run } = volume();
    assert.equal(run([clock], { offline: true }).length, 1);
    assert.equal(run([clock]).length, 1);
  });
});
