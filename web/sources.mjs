// sourceHash says from which sources dist/ was built. A Go test computes the
// same, so that a change that was not built is noticed where there is no npm.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const left = new Set(["node_modules", "dist"]);

// Every file that is not hidden, by its path from root, in the order of the paths' bytes.
function files(root, dir = "") {
  return readdirSync(join(root, dir), { withFileTypes: true })
    .filter((e) => !left.has(e.name) && !e.name.startsWith(".") && !e.name.endsWith(".go") && !e.name.endsWith(".md"))
    .flatMap((e) => (e.isDirectory() ? files(root, join(dir, e.name)) : [join(dir, e.name)]))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

export function sourceHash(root) {
  const sum = createHash("sha256");
  for (const file of files(root)) {
    sum.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return sum.digest("hex");
}
