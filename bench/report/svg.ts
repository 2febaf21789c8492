/** What the charts have in common. Each brings its own ground and follows the reader's light or dark scheme. */

/** One colour for each of the variants, in the light scheme and in the dark. */
const COLOURS = [
  ["#0b7285", "#3bc9db"],
  ["#5f3dc4", "#b197fc"],
  ["#c2410c", "#ff922b"],
  ["#52606d", "#adb5bd"],
  ["#2b8a3e", "#69db7c"],
  ["#a61e4d", "#f783ac"],
] as const;

export const STYLE: string = [
  ".ground{fill:#ffffff}.text{fill:#1f2933}.faint{fill:#52606d}.line{stroke:#cbd2d9}.mark{stroke:#1f2933}",
  ...COLOURS.map(([light], i) => `.c${i}{fill:${light}}.s${i}{stroke:${light}}`),
  "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif}.title{font-weight:600}",
  "@media (prefers-color-scheme:dark){",
  ".ground{fill:#14181d}.text{fill:#e4e7eb}.faint{fill:#9aa5b1}.line{stroke:#3e4c59}.mark{stroke:#e4e7eb}",
  ...COLOURS.map(([, dark], i) => `.c${i}{fill:${dark}}.s${i}{stroke:${dark}}`),
  "}",
].join("");

export function colourOf(index: number): number {
  return index % COLOURS.length;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="6"/>`,
    `<text class="text title" x="16" y="24">${escaped(title)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
