// licences collects the licences of the packages whose code is in dist/.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const ok = /^(MIT|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|\(MPL-2\.0 OR Apache-2\.0\)|\(MIT OR .*\)|MIT AND .*)$/;

export function licences(root, packages) {
  const parts = [...packages].sort().map((name) => {
    const dir = [join(root, "node_modules", name), join(root, "playground/node_modules", name)].find(existsSync);
    if (!dir) throw new Error(`${name} is in the bundle and not in node_modules`);
    const { version, license } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    if (!ok.test(license)) throw new Error(`${name} ${version} has the licence ${license}: may it be embedded?`);
    const texts = readdirSync(dir).filter((f) => /^(licen[cs]e|notice)(\..*)?$/i.test(f)).sort();
    const text = texts.map((f) => readFileSync(join(dir, f), "utf8").trim()).join("\n\n");
    return `${name} ${version} (${license})\n\n${text || "The package has no licence file."}\n`;
  });
  return `What the pages of the gateway are made of, besides Tributary's own code.\n\n${parts.join(`\n${"-".repeat(78)}\n\n`)}`;
}
