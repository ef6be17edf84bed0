// What the policy pack costs before any of its policies looks at anything: the same policies, by name, with nothing in them. What is left is the
// protocol and @pulumi/policy. `npm run bench:policy` measures it beside the pack.
require("tsx/cjs");
const { PolicyPack } = require("@pulumi/policy");
const { readPropertiesOnce } = require("../../../policy/lib/read-once.ts");
const { readRequestsOnce } = require("../../../policy/lib/read-request.ts");
const { readStructsPlainly } = require("../../../policy/lib/read-struct.ts");
const { policies } = require("../../../policy/index.ts");

const nothing = (policy, check) => (policy[check] ? { [check]: () => undefined } : {});

readStructsPlainly();
readRequestsOnce();
readPropertiesOnce();
new PolicyPack("empty", {
  policies: policies.map((policy) => ({
    name: policy.name,
    description: policy.description,
    enforcementLevel: "mandatory",
    ...nothing(policy, "validateResource"),
    ...nothing(policy, "validateStack"),
  })),
});
