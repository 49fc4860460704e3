// Builds everything that the gateway shows in a browser, into gateway/pages/dist and
// example/dist, which are committed and embedded in the binary: the gateway itself
// needs no npm.
//
//   npm ci && npm run build
//
// Files whose name has a hash are gzipped; the gateway serves them as they are.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { licences } from "./licences.mjs";
import { sourceHash } from "./sources.mjs";

const root = import.meta.dirname;
const dist = join(root, "../gateway/pages/dist");
process.chdir(root);
rmSync(dist, { recursive: true, force: true });

// systemFonts leaves out the fonts that GraphiQL brings: those of the system
// are there at once. Icons stay.
const systemFonts = {
  name: "system-fonts",
  setup(b) {
    b.onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, ({ path }) => ({
      loader: "css",
      contents: readFileSync(path, "utf8").replace(/@font-face\s*\{[^}]*\}/g, (face) => (face.includes("codicon") ? face : "")),
    }));
  },
};

// currentSanitizer puts the package dompurify in the place of the old copy that Monaco has.
const currentSanitizer = {
  name: "current-sanitizer",
  setup(b) {
    const names = "version, isSupported, sanitize, setConfig, clearConfig, isValidAttribute, addHook, removeHook, removeHooks, removeAllHooks";
    b.onLoad({ filter: /monaco-editor[\\/].*[\\/]dompurify\.js$/ }, () => ({
      resolveDir: root,
      contents: `import purify from "dompurify"; export default purify; export const { ${names} } = purify;`,
    }));
  },
};

const packages = new Set();
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "playground"], { stdio: "inherit" });
await playground();
docs();
site("status");
example();
for (const area of [...readdirSync(dist).map((name) => join(dist, name)), join(root, "example/dist")]) compress(area);
writeFileSync(join(dist, "LICENCES.txt"), licences(root, packages));
writeFileSync(join(dist, "SOURCES.sha256"), sourceHash(root) + "\n");
report();

// playground bundles GraphiQL, our panels and the three workers of its editor.
async function playground() {
  const out = join(dist, "playground");
  const common = {
    bundle: true, minify: true, format: "esm", target: "es2022", outdir: out, metafile: true, legalComments: "none",
    entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", assetNames: "[name]-[hash]",
    loader: { ".ttf": "file", ".svg": "dataurl" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  };
  const workers = await build({
    ...common, format: "iife",
    entryPoints: {
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    },
  });
  const built = (meta, name) => basename(Object.keys(meta.outputs).find((file) => basename(file).startsWith(name + "-")));
  const names = Object.fromEntries(["editor", "graphql", "json"].map((n) => [n, built(workers.metafile, n + ".worker")]));
  const app = await build({
    ...common, splitting: true, jsx: "automatic", plugins: [systemFonts, currentSanitizer],
    entryPoints: { app: "playground/src/main.tsx" },
    define: { ...common.define, WORKERS: JSON.stringify(names) },
  });
  if (!Object.keys(app.metafile.inputs).some((file) => file.includes("node_modules/dompurify/"))) throw new Error("Monaco's own sanitizer is in the bundle");
  used(workers.metafile, app.metafile);
  const entry = Object.entries(app.metafile.outputs).find(([, o]) => o.entryPoint === "playground/src/main.tsx");
  const icon = readFileSync("icon.svg", "utf8");
  const iconName = `icon-${digest(icon)}.svg`;
  writeFileSync(join(out, iconName), icon);
  const page = readFileSync("playground/index.html", "utf8")
    .replaceAll("{app.js}", basename(entry[0]))
    .replaceAll("{app.css}", basename(entry[1].cssBundle))
    .replaceAll("{icon.svg}", iconName);
  writeFileSync(join(out, "index.html"), page);
  // Style sheets of chunks are in GraphiQL's already, and no chunk asks for its own.
  const extra = Object.keys(app.metafile.outputs).filter((f) => f.endsWith(".css") && f !== entry[1].cssBundle);
  for (const file of extra) rmSync(file);
}

// Swagger UI is taken as it is published.
function docs() {
  packages.add("swagger-ui-dist");
  site("docs", { "swagger-ui.js": "node_modules/swagger-ui-dist/swagger-ui-bundle.js", "swagger-ui.css": "node_modules/swagger-ui-dist/swagger-ui.css" });
}

// site takes a folder's files as they are, and puts their hashed names into its page.
function site(folder, more = {}) {
  const out = join(dist, folder);
  mkdirSync(out, { recursive: true });
  const own = readdirSync(folder).filter((f) => f !== "index.html").map((f) => [f, join(folder, f)]);
  let page = readFileSync(join(folder, "index.html"), "utf8");
  for (const [name, file] of [...own, ["icon.svg", "icon.svg"], ...Object.entries(more)]) {
    const text = readFileSync(file, "utf8").replace(/^\/[/*]# sourceMappingURL=.*$/gm, "");
    const hashed = `${basename(name, extname(name))}-${digest(text)}${extname(name)}`;
    writeFileSync(join(out, hashed), text);
    page = page.replaceAll(`{${name}}`, hashed);
  }
  writeFileSync(join(out, "index.html"), page);
}

// example is built as a front-end team would build it: by Vite.
function example() {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: join(root, "example"), stdio: ["ignore", "inherit", "inherit"] });
  for (const name of ["react", "react-dom", "scheduler"]) packages.add(name);
}

function used(...metafiles) {
  for (const { inputs } of metafiles) {
    for (const file of Object.keys(inputs)) {
      const found = file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/);
      if (found) packages.add(found[1]);
    }
  }
}

function compress(dir) {
  for (const file of readdirSync(dir, { recursive: true })) {
    const path = join(dir, file);
    if (!statSync(path).isFile() || file.endsWith(".html")) continue;
    writeFileSync(path + ".gz", gzipSync(readFileSync(path), { level: 9 }));
    rmSync(path);
  }
}

function digest(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
}

function report() {
  for (const area of readdirSync(dist, { withFileTypes: true }).filter((e) => e.isDirectory())) {
    const sizes = readdirSync(join(dist, area.name), { recursive: true }).map((f) => statSync(join(dist, area.name, f))).filter((s) => s.isFile());
    const total = sizes.reduce((sum, s) => sum + s.size, 0);
    console.log(`${relative(root, join(dist, area.name))}: ${sizes.length} files, ${(total / 1e6).toFixed(2)} MB`);
  }
}
