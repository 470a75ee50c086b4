// Bundles the page into the gateway's static files. What is written is committed, so that no Node is needed to run or
// to install Voiceloom; build.json holds the digest of all sources, and a test compares it with them.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "gateway", "static", "studio");

/** Every source file, sorted by its path: what decides the bundle. */
function sources(folder) {
  return readdirSync(folder)
    .filter((name) => name !== "node_modules" && name !== "README.md")
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? sources(path) : [path];
    })
    .sort();
}

function digest() {
  const hash = createHash("sha256");
  const named = sources(here).map((path) => [relative(here, path).split(sep).join("/"), readFileSync(path)]);
  for (const [name, content] of named.sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}:${content.length}\n`);
    hash.update(content);
  }
  return hash.digest("hex");
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { studio: "src/main.ts", style: "src/styles/studio.css" },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  metafile: true,
  external: ["/static/*"],
  logLevel: "warning",
});
// The licences of what is bundled travel with it.
const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const licences = Object.entries(dependencies).map(
  ([name, version]) => `${name} ${version}\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")}`,
);
writeFileSync(join(out, "LICENSES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
const files = Object.entries(result.metafile.outputs);
const entry = (source) => files.find(([, facts]) => facts.entryPoint === source)[0].split("/").pop();
const facts = { script: entry("src/main.ts"), style: entry("src/styles/studio.css"), sources: digest() };
writeFileSync(join(out, "build.json"), `${JSON.stringify(facts, null, 2)}\n`);
const total = files.reduce((sum, [, file]) => sum + file.bytes, 0);
console.log(`${files.length} files, ${Math.round(total / 1000)} kB in gateway/static/studio`);
