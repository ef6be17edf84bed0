import { previewOf } from "../program/support/previews";

// The previews that many tests look at take the second core while the first tests take the one. Only in a run of all tests: `.mocharc.yaml` requires this.
void previewOf("production").catch(() => undefined);
